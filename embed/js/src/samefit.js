// What is made of data and documents: statistics, models, profiles, forms.
import { feed, isOnce, isRecords, then } from './data.js';
import { Form } from './form.js';
import { Model } from './model.js';
import { json, planOf } from './plan.js';
import { Statistics } from './statistics.js';

/** Bytes at the beginning of data that tell how they are written. */
const START_BYTES = 65_536;

const textOf = (document) => (typeof document === 'string' ? document : json(document));
const sumColumns = (summarizer) => summarizer.sumColumns();

/** The passes over data that a plan needs before its sums: the function that ends each, and the key for what it returns. */
function passes({ knots, share, shared }) {
  const chooses = Object.values(knots ?? {}).some((one) => typeof one === 'number');
  return [chooses && ['chooseKnots', 'knots'], share && !shared && ['chooseDecimals', 'shared']].filter(Boolean);
}

export class Samefit {
  #component;
  #again;

  /** `component`: the interfaces of an instance of `module`. `again`: makes those of a new instance. */
  constructor(module, component, again) {
    this.module = module;
    this.#component = component;
    this.#again = again;
  }

  get component() {
    if (this.#component.stopped) this.#component = this.#again();
    return this.#component;
  }

  get version() {
    return this.component.identity.version();
  }

  get formats() {
    return JSON.parse(this.component.identity.formats());
  }

  get limits() {
    return JSON.parse(this.component.identity.limits());
  }

  /** Returns the plan of options, with the format of data that are records. */
  planFor(data, options) {
    const plan = planOf(options);
    return isRecords(data) ? { ...plan, format: 'jsonl' } : plan;
  }

  #trainingPlan(data, options) {
    const plan = this.planFor(data, options);
    // what is shared has the levels of a schema
    return plan.share ? plan : { find_categories: true, ...plan };
  }

  /** Sums data by a plan. Returns what `next` makes of the contract's statistics, of the notes on the data, and of the complete plan. */
  sum(data, plan, next, finish = 'finish') {
    const [pass] = passes(plan);
    if (pass && isOnce(data)) throw new TypeError(`${pass[1]}: the data are read twice, and a stream can be read only once: give a Blob`);
    const summarizer = this.component.training.Summarizer.new(json(plan));
    if (!pass) return feed(data, summarizer, () => next(summarizer[finish](), JSON.parse(summarizer.notes()), plan), sumColumns);
    const [end, key] = pass;
    const chosen = feed(data, summarizer, () => ({ ...plan, [key]: JSON.parse(summarizer[end]()) }), sumColumns);
    return then(chosen, (complete) => this.sum(data, complete, next, finish));
  }

  summarize(data, options) {
    return this.sum(data, this.#trainingPlan(data, options), (raw, notes, plan) => new Statistics(this, raw, notes, plan));
  }

  summarizeGroups(data, options) {
    const take = (groups, notes, plan) => {
      try {
        return new Map(JSON.parse(groups.names()).map((name) => [name, new Statistics(this, groups.take(name), notes, plan)]));
      } finally {
        groups.free();
      }
    };
    return this.sum(data, this.#trainingPlan(data, options), take, 'finishGroups');
  }

  fit(data, options) {
    return this.sum(data, this.#trainingPlan(data, options), (raw, notes, plan) => {
      try {
        return new Model(this, raw.fit(json(plan)), notes);
      } finally {
        raw.free();
      }
    });
  }

  statistics(document) {
    return new Statistics(this, this.component.training.Statistics.parse(textOf(document)));
  }

  model(document) {
    return new Model(this, textOf(document));
  }

  form(document) {
    return new Form(this, textOf(document));
  }

  profile(data, options) {
    const profiler = this.component.profile.Profiler.new(json(this.planFor(data, options)));
    return feed(data, profiler, () => JSON.parse(profiler.finish()));
  }

  preview(data, options) {
    let start = new Uint8Array(0);
    const sink = {
      push(chunk) {
        const joined = new Uint8Array(Math.min(START_BYTES, start.length + chunk.length));
        joined.set(start);
        joined.set(chunk.subarray(0, joined.length - start.length), start.length);
        start = joined;
      },
      free() {},
    };
    return feed(data, sink, () => JSON.parse(this.component.profile.preview(start, json(this.planFor(data, options)))));
  }

  neededColumns(options) {
    return JSON.parse(this.component.training.neededColumns(json(planOf(options))) ?? 'null');
  }

  orderLevels(levels) {
    return JSON.parse(this.component.training.orderLevels(json(levels)));
  }
}
