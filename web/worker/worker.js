// Turns messages into calls of the component, and its answers into messages. A worker has one instance; after a trap the page replaces the
// whole worker.
//
// A message is {id, op, args}. The answer is {id, value}, {id, fault} with an error record for bad input, or {id, trap}. Long work sends
// {id, progress} before its answer.
import { audit } from './audit.js';
import { batch } from './batch.js';
import { instantiate, SamefitError } from './component.js';
import { digest } from './digest.js';
import { chunks, totalSize } from './files.js';
import { free } from './free.js';

const CORE = 'samefit.core.wasm';
/** The functions of the core module. */
const TABLE = 'abi.json';

/** Bytes at the beginning of a file that tell how it is written. */
const START_BYTES = 65_536;

/** The probability of the intervals that the page shows. */
const LEVEL = 0.95;

let component;
/** SHA-256 of the core module. */
let core;
let model;
let form;
let columns;

/** The error record of bad input; null for any other exception. */
const fault = (error) => (error instanceof SamefitError ? { ...error } : null);
const text = JSON.stringify;

/** Fetches and compiles the core module. It is fetched once, so the digest that the page shows is that of the bytes that run. */
async function load() {
  const get = async (path) => {
    const answer = await fetch(path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer;
  };
  const [core, table] = await Promise.all([get(CORE).then((answer) => answer.arrayBuffer()), get(TABLE).then((answer) => answer.json())]);
  const [module, sha256] = await Promise.all([WebAssembly.compile(core), digest(core)]);
  return { module, table, sha256 };
}

/** Feeds every chunk of every file to what `push` makes for the file. An error record gets the file's name. */
async function feed(files, push, done, progress) {
  const total = totalSize(files);
  let before = 0;
  for (const file of files) {
    const sink = push(file);
    try {
      for await (const [bytes, read] of chunks(file)) {
        sink.push(bytes);
        progress({ done: before + read, total });
      }
      done(sink, file);
    } catch (error) {
      if (fault(error)) error.file = file.name;
      throw error;
    } finally {
      free(sink);
    }
    before += file.size;
  }
}

/** Predicts rows of attributes. Returns the predictions, then the lower and then the upper ends; NaN for a row without a prediction. */
function predictRows(rows) {
  if (!rows.length) return [];
  const batch = component.prediction.Batch.new(model);
  try {
    const encoder = new TextEncoder();
    for (const name of columns) batch.setText(name, encoder.encode(rows.map((row) => `${row[name]}\n`).join('')));
    return batch.predict(LEVEL, false);
  } finally {
    free(batch);
  }
}

const planFor = (plan, file) => text({ ...JSON.parse(plan), ...file.read });

const ops = {
  async start(known) {
    const loaded = known ?? (await load());
    component = await instantiate(loaded.module, loaded.table);
    core = loaded.sha256;
    const { identity } = component;
    const facts = text({ version: identity.version(), formats: JSON.parse(identity.formats()), limits: JSON.parse(identity.limits()), sha256: core });
    return { facts, known: loaded };
  },

  /** Checks a model and makes it the one that the other operations use. Returns its form. */
  open(document) {
    const opened = component.prediction.Model.parse(document);
    let drawn;
    try {
      drawn = component.entry.Form.new(document);
    } catch (error) {
      free(opened);
      throw error;
    }
    [model, form].forEach(free);
    [model, form] = [opened, drawn];
    columns = JSON.parse(model.columns());
    return form.fields();
  },

  /** Checks a schema. Returns its fields. */
  schema(document) {
    const drawn = component.entry.Form.new(document);
    const found = drawn.fields();
    free(drawn);
    return found;
  },

  evaluate: (entries) => form.evaluate(entries),
  convert: (field, value, from, to) => form.convert(field, value, from, to),

  /** Converts several values, each [field, value, from, to]. Returns a list with null where a value cannot be converted. */
  convertAll(conversions) {
    const convert = (one) => {
      try {
        return form.convert(...one);
      } catch (error) {
        if (fault(error)) return null;
        throw error;
      }
    };
    return text(JSON.parse(conversions).map(convert));
  },

  explain: (attributes) => model.explain(attributes, LEVEL),
  record: (attributes) => model.predictRecord(attributes, LEVEL, false),

  /**
   * Predicts the entries with each value in one field: a number or a level. Returns [prediction, lower, upper] for each value, null where a
   * problem blocks or the training data have no such combination of levels.
   */
  sweep(entries, field, unit, values) {
    const typed = JSON.parse(entries);
    const moved = JSON.parse(values).map((value) => JSON.parse(form.evaluate(text({ ...typed, [field]: { value: String(value), unit } }))));
    const open = moved.map(({ attributes }) => attributes).filter(Boolean);
    const out = predictRows(open);
    let row = 0;
    return text(
      moved.map(({ attributes }) => {
        if (!attributes) return null;
        const at = row++;
        return Number.isNaN(out[at]) ? null : [out[at], out[open.length + at], out[2 * open.length + at]];
      }),
    );
  },

  /** Guesses how a file is written, and shows its first rows. `file.read` has the keys of the plan that are known. */
  async preview(file) {
    let start = new Uint8Array(0);
    for await (const [bytes] of chunks(file)) {
      const more = bytes.subarray(0, START_BYTES - start.length);
      const joined = new Uint8Array(start.length + more.length);
      joined.set(start);
      joined.set(more, start.length);
      start = joined;
      if (start.length === START_BYTES) break;
    }
    return component.profile.preview(start, text(file.read));
  },

  async profile(files, plan, progress) {
    const profiles = [];
    await feed(files, (file) => component.profile.Profiler.new(planFor(plan, file)), (profiler) => profiles.push(profiler.finish()), progress);
    return `[${profiles.join(',')}]`;
  },

  /** Sums each file and merges the sums, as the program does. */
  async summarize(files, plan, progress) {
    let sum;
    const notes = [];
    const begin = (file) => component.training.Summarizer.new(planFor(plan, file));
    const end = (summarizer, file) => {
      const one = summarizer.finish();
      notes.push(...JSON.parse(summarizer.notes()).map((note) => ({ ...note, file: file.name })));
      if (!sum) sum = one;
      else {
        sum.merge(one);
        free(one);
      }
    };
    await feed(files, begin, end, progress);
    const statistics = sum.toJson();
    free(sum);
    return text({ statistics, notes });
  },

  /**
   * Sums the files so that the statistics may be shared, as the program does. A first pass decides how values are rounded; a second pass sums
   * the rounded values. `schema` is the schema's file, for the log, or null.
   */
  async share(files, plan, schema, progress) {
    const notes = [];
    const pass = async (plan, end, half) => {
      const whole = component.training.Summarizer.new(plan);
      const begin = (file) => component.training.Summarizer.new(planFor(plan, file));
      const close = (summarizer, file) => {
        const part = summarizer.finishState();
        // both passes give the same notes of a file; those of the second are kept
        if (half) notes.push(...JSON.parse(summarizer.notes()).map((note) => ({ ...note, file: file.name })));
        whole.mergeState(part);
      };
      await feed(files, begin, close, ({ done, total }) => progress({ done: done + half * total, total: 2 * total }));
      const found = whole[end]();
      notes.push(...JSON.parse(whole.notes()));
      free(whole);
      return found;
    };
    const shared = JSON.parse(await pass(plan, 'chooseDecimals', 0));
    const sum = await pass(text({ ...JSON.parse(plan), shared }), 'finish', 1);
    try {
      const of = { tables: files, files: schema ? [schema, ...files] : files, sha256: core, version: component.identity.version() };
      return text({ statistics: sum.toJson(), notes, audit: await audit({ statistics: sum, notes, ...of }) });
    } finally {
      free(sum);
    }
  },

  merge(texts) {
    const parsed = [];
    try {
      for (const one of texts) parsed.push(component.training.Statistics.parse(one));
      const [first, ...others] = parsed;
      others.forEach((other) => first.merge(other));
      return first.toJson();
    } finally {
      parsed.forEach(free);
    }
  },

  fit(statistics, plan) {
    const sum = component.training.Statistics.parse(statistics);
    try {
      return sum.fit(plan);
    } finally {
      free(sum);
    }
  },

  /** Computes the residuals of each table. */
  async residuals(files, document, plan, progress) {
    const found = [];
    await feed(files, (file) => component.quality.Residuals.new(document, planFor(plan, file)), (one) => found.push(one.finish()), progress);
    return `[${found.join(',')}]`;
  },

  /** For each file a blob with its predictions, and as JSON the number of rows of each status; or the error of the file. */
  async batch(files, progress) {
    const answers = await batch((plan) => component.prediction.Table.new(model, plan), files, progress);
    return answers.map(({ blob, said }) => ({ blob, said: text(said) }));
  },
};

self.onmessage = async ({ data: { id, op, args } }) => {
  const progress = (state) => self.postMessage({ id, progress: state });
  try {
    self.postMessage({ id, value: await ops[op](...args, progress) });
  } catch (error) {
    const found = fault(error);
    if (found) self.postMessage({ id, fault: text(found) });
    else self.postMessage({ id, trap: String(error?.message ?? error) });
  }
};
