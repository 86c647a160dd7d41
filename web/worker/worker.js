// Calls the component for each message, and answers with its result. A worker has one instance: after a trap the worker is thrown away.
//
// A message is {id, op, args}; the answer {id, value}, {id, fault} for bad input, or {id, trap}. {id, progress} comes in between.
import { instantiate } from './samefit.js';
import { audit } from './audit.js';
import { batch } from './batch.js';
import { digest } from './digest.js';
import { chunks, totalSize } from './files.js';
import { free } from './free.js';

const CORE = 'samefit.core.wasm';
/** Modules with the tables of functions that connect the transpiled component and its core module. */
const SHIMS = ['samefit.core2.wasm', 'samefit.core3.wasm'];

let component;
/** Digest of its core module. */
let core;
let model;
let form;
let columns;

const fault = (error) => error?.payload ?? null;
/** JSON text. Row numbers are `bigint`, which JSON.stringify does not take. */
const text = (value) => JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? Number(part) : part));

/** Fetches the modules once, and compiles exactly the bytes whose digest is shown. */
async function load() {
  const modules = {};
  let sha256;
  const one = async (path) => {
    const answer = await fetch(path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    const bytes = await answer.arrayBuffer();
    if (path === CORE) sha256 = await digest(bytes);
    modules[path] = await WebAssembly.compile(bytes);
  };
  await Promise.all([CORE, ...SHIMS].map(one));
  return { modules, sha256 };
}

/** Pushes every chunk of every file into a sink of its own. An error gets the name of its file. */
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
      if (fault(error)) error.payload.file = file.name;
      throw error;
    } finally {
      free(sink);
    }
    before += file.size;
  }
}

const planFor = (plan, file) => text({ ...JSON.parse(plan), ...file.read });

const ops = {
  async start(known) {
    const { modules, sha256 } = known ?? (await load());
    component = await instantiate((path) => modules[path], {});
    core = sha256;
    const { identity } = component;
    const facts = text({ version: identity.version(), formats: JSON.parse(identity.formats()), limits: JSON.parse(identity.limits()), sha256 });
    return { facts, known: { modules, sha256 } };
  },

  /** Checks a model, and makes it the one that the other calls use. Returns the fields of its form. */
  open(document) {
    const opened = component.prediction.Model.parse(document);
    const drawn = component.entry.Form.new(document);
    [model, form] = [opened, drawn];
    columns = JSON.parse(model.columns());
    return form.fields();
  },

  /** Checks a schema. Returns the fields of its form. */
  schema(document) {
    const drawn = component.entry.Form.new(document);
    const found = drawn.fields();
    free(drawn);
    return found;
  },

  evaluate: (entries) => form.evaluate(entries),
  convert: (field, value, from, to) => form.convert(field, value, from, to),
  explain: (attributes) => model.explain(attributes),
  record: (attributes) => model.predictRecord(attributes),

  /** Predicts for each value of one field, with the other entries as they are: value and ends of the interval, or null if a problem blocks. */
  sweep(entries, field, unit, values) {
    const typed = JSON.parse(entries);
    const moved = JSON.parse(values).map((value) => JSON.parse(form.evaluate(text({ ...typed, [field]: { value: String(value), unit } }))));
    const open = moved.filter((one) => one.attributes);
    const table = new Float64Array(columns.length * open.length);
    open.forEach((one, row) => columns.forEach((name, column) => (table[column * open.length + row] = Number(one.attributes[name]))));
    const out = open.length ? model.predictColumns(table, open.length) : [];
    let row = 0;
    return text(
      moved.map((one) => {
        if (!one.attributes) return null;
        const at = row++;
        return [out[at], out[open.length + at], out[2 * open.length + at]];
      }),
    );
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
   * Makes statistics to be shared in two passes, as the program does: the first chooses how to round values, the second sums the rounded
   * values. `schema`: the file of the schema, if there is one, for the log.
   */
  async share(files, plan, schema, progress) {
    const notes = [];
    const pass = async (plan, end, half) => {
      const whole = component.training.Summarizer.new(plan);
      const begin = (file) => component.training.Summarizer.new(planFor(plan, file));
      const close = (summarizer, file) => {
        const part = summarizer.finishState();
        // the second pass has the same notes on a file as the first
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
    const [first, ...others] = texts.map((one) => component.training.Statistics.parse(one));
    others.forEach((other) => first.merge(other));
    const sum = first.toJson();
    [first, ...others].forEach(free);
    return sum;
  },

  fit(statistics, plan) {
    const sum = component.training.Statistics.parse(statistics);
    const fitted = sum.fit(plan);
    free(sum);
    return fitted;
  },

  /** Compares predictions and outcomes of each table. */
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

  /** Traps, for tests of what the page does then: runs a module that executes `unreachable`. */
  trap: () => new WebAssembly.Instance(new WebAssembly.Module(TRAP)).exports.trap(),
};

const TRAP = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 8, 1, 4, 116, 114, 97, 112, 0, 0, 10, 5, 1, 3, 0, 0, 11,
]);

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
