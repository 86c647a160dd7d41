// A model: predicts, explains, and is judged.
import { feed, setColumn } from './data.js';
import { Form } from './form.js';
import { Owned } from './owned.js';
import { intervalOf, json, planOf } from './plan.js';

/** Returns predictions and the ends of their intervals, which the contract returns one after another. */
function parts(all) {
  const rows = all.length / 3;
  return { prediction: all.subarray(0, rows), lower: all.subarray(rows, 2 * rows), upper: all.subarray(2 * rows) };
}

function joined(chunks) {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  chunks.reduce((at, chunk) => (all.set(chunk, at), at + chunk.length), 0);
  return all;
}

export class Model extends Owned {
  #text;
  #document;
  #columns;
  #batch;

  /** `text`: of `model.json`. `notes`: on the data. */
  constructor(samefit, text, notes = []) {
    super(samefit, samefit.component.prediction.Model.parse(text));
    this.#text = text;
    this.notes = [...notes, ...JSON.parse(this.raw.notes())];
  }

  get #contract() {
    return this.samefit.component;
  }

  toString() {
    return this.#text;
  }

  toJSON() {
    return JSON.parse(this.#text);
  }

  get columns() {
    return (this.#columns ??= Object.freeze(JSON.parse(this.raw.columns())));
  }

  get target() {
    return (this.#document ??= this.toJSON()).target;
  }

  plan() {
    return JSON.parse(this.raw.plan());
  }

  summary({ level = 0.95 } = {}) {
    return JSON.parse(this.raw.summary(level));
  }

  predict(record, options) {
    const found = JSON.parse(this.raw.predictRecord(json(record), ...intervalOf(options)));
    // without residual degrees of freedom no interval is known
    const { lower, upper } = found.interval ?? { lower: -Infinity, upper: Infinity };
    return { prediction: found[`predicted_${this.target.name ?? this.target.column}`], lower, upper, warnings: found.warnings };
  }

  predictNumbers(values, rows = 1, options) {
    return this.raw.predictColumns(values, rows, ...intervalOf(options));
  }

  predictColumns(columns, options) {
    const batch = (this.#batch ??= this.#contract.prediction.Batch.new(this.raw));
    const interval = intervalOf(options);
    for (const [name, values] of columns instanceof Map ? columns : Object.entries(columns)) setColumn(batch, name, values);
    const found = batch.predict(...interval);
    return { ...parts(found), status: batch.status(), problems: JSON.parse(batch.problems()) };
  }

  predictTable(data, options) {
    const table = this.#table(data, options);
    const chunks = [];
    const sink = { push: (chunk) => chunks.push(table.push(chunk)), free: () => table.free() };
    const end = () => {
      chunks.push(table.finish());
      return { bytes: joined(chunks), counts: JSON.parse(table.counts()) };
    };
    return feed(data, sink, end);
  }

  predictStream(options) {
    const table = this.#table(null, options);
    const send = (bytes, controller) => bytes.length && controller.enqueue(bytes);
    return new TransformStream({
      transform: (chunk, controller) => void send(table.push(chunk), controller),
      flush(controller) {
        send(table.finish(), controller);
        table.free();
      },
    });
  }

  #table(data, options) {
    return this.#contract.prediction.Table.new(this.raw, json(this.samefit.planFor(data, options)));
  }

  explain(record, { level = 0.95 } = {}) {
    return JSON.parse(this.raw.explain(json(record), level));
  }

  curve(record, column, values, options) {
    return parts(this.raw.curve(json(record), column, json([...values]), ...intervalOf(options)));
  }

  form() {
    return new Form(this.samefit, this.#text);
  }

  qc(data, { threshold, ...options } = {}) {
    const plan = { ...this.plan(), ...this.samefit.planFor(data, options) };
    return this.samefit.sum(data, plan, (records) => {
      const verdict = this.#contract.quality.judge(this.#text, records, threshold);
      try {
        const accepted = verdict.model();
        return { ...JSON.parse(verdict.report()), model: accepted && new Model(this.samefit, accepted) };
      } finally {
        verdict.free();
        records.free();
      }
    });
  }

  residuals(data, options) {
    const plan = json(this.samefit.planFor(data, options));
    return feed(data, this.#contract.quality.Residuals.new(this.#text, plan), (residuals) => JSON.parse(residuals.finish()));
  }

  difference(other) {
    return this.#contract.quality.firstDifference(this.#text, String(other));
  }

  free() {
    this.#batch?.free();
    super.free();
  }
}
