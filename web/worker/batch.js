// A table of CSV or JSON Lines to the same table with predictions and with how each row fared: `fine`, `out of range`, `missing` or `error`.
// The component predicts; where it refuses a row, that row is written without a prediction and the next one goes on.
//
// A table that lacks columns of the model, but has what they are entered as, is taken row by row as if it were typed into the form.
import { chunks } from './files.js';
import { free } from './free.js';
import { Out, cellText, cells, concat, decode, encode, ends, joined } from './records.js';

/** Rows that are predicted together; after one that was refused, they begin anew with one. */
const GROUP = 512;
const PROGRESS_MS = 100;
const COMMA = 44;
const LINE_END = encode('\n');
/** What ends the line of a row that was predicted; made once, not for each of millions. */
const endings = (end) => Object.fromEntries(['fine', 'out of range'].map((status) => [status, encode(end(status))]));
const CSV_ENDINGS = endings((status) => `,${status}\n`);
const JSON_ENDINGS = endings((status) => `,"status":${JSON.stringify(status)}}\n`);

const refusal = (error) => {
  const found = error?.payload;
  if (found?.row === undefined && found?.column === undefined) throw error;
  return { missing: found.code === 'missing-values', what: `${found.column ?? 'row'}:${found.code}` };
};

/** One table of the component for as long as it refuses nothing. `begin`: makes one that goes on at a row. */
class Predictor {
  #table;
  #begin;

  constructor(begin) {
    this.#begin = begin;
  }

  /** Predictions of whole records, the first of which is number `row`; of those before it, where one is refused. `found`: their ends. */
  predict(bytes, found, row) {
    this.#table ??= this.#begin(row);
    try {
      return { done: this.#table.push(bytes), rows: found.length };
    } catch (error) {
      this.end();
      if (error?.payload?.row === undefined) throw error;
      const rows = Number(error.payload.row) - row;
      this.#table = this.#begin(row);
      const done = rows ? this.#table.push(bytes.subarray(0, found[rows - 1])) : new Uint8Array(0);
      this.#table.continueAt(BigInt(row + rows + 1));
      return { done, rows, refused: refusal(error) };
    }
  }

  end() {
    free(this.#table);
    this.#table = undefined;
  }
}

/** What the form makes of a row: the prediction, or why there is none. */
function entered({ form, model }, entries) {
  const { attributes, problems } = JSON.parse(form.evaluate(JSON.stringify(entries)));
  const what = ({ name, code }) => `${name}:${code}`;
  const stopped = problems.find((problem) => problem.blocks);
  if (stopped) return { refused: { missing: stopped.code === 'missing', what: what(stopped) } };
  try {
    const { interval, warnings, ...rest } = JSON.parse(model.predictRecord(JSON.stringify(attributes)));
    const [key] = Object.keys(rest);
    const said = warnings.map(({ column, code }) => `${column}:${code}`);
    return { key, value: rest[key], interval, warnings, said: [...said, ...problems.map(what)] };
  } catch (error) {
    return { refused: refusal(error) };
  }
}

/** Whether these names hold all that the model needs, once the form has computed what is entered otherwise; not if they hold it anyway. */
function needsForm(names, columns, fields) {
  const field = (name) => fields.find((field) => field.name === name);
  const covered = (name) => names.includes(name) || (field(name)?.entry?.inputs.every(covered) ?? false);
  return !columns.every((name) => names.includes(name)) && columns.every(covered);
}

const isBlank = (record) => record.every((byte) => byte === 32 || byte === 9 || byte === 13 || byte === 10);
const MISSING = /^(na|nan|null)?$/i;

/** The error that a column of a table has the name of one that is added. */
const named = (column) => {
  const text = `the table has a column \`${column}\`, and the predictions have one of that name too\nrename the table's column`;
  return Object.assign(new Error(text), { payload: { code: 'duplicate-column', column, text } });
};

/** How tables of CSV are read and written. */
class Csv {
  quoted = true;
  kind = 'text/csv';
  #ending;

  constructor(world, file) {
    Object.assign(this, { world, read: file.read, delimiter: file.read.delimiter ?? ',' });
    this.plan = JSON.stringify({ ...file.read, with_input: true });
    this.head = new Uint8Array(0);
  }

  /** Takes records until the names of the columns are known; the line of names, then. */
  names(record) {
    const { Table, model, columns, fields } = this.world;
    this.head = concat(this.head, record);
    if (isBlank(record)) return undefined;
    const raw = cells(record, this.delimiter);
    this.columns = raw.map((cell) => cellText(cell).replace(/^\ufeff/, ''));
    this.byForm = needsForm(this.columns, columns, fields);
    // what the component says of the names ends the work
    if (!this.byForm) free(this.begin(1));
    const table = Table.new(model, JSON.stringify({ format: 'csv' }));
    const added = decode(table.push(encode(`${decode(joined(columns))}\n`))).trim();
    free(table);
    const twice = this.columns.find((name) => [...added.split(','), 'status'].includes(name));
    if (twice !== undefined) throw named(twice);
    return concat(joined([raw[0].replace(/^\u00ef\u00bb\u00bf/, ''), ...raw.slice(1)]), encode(`,${added},status\n`));
  }

  begin(row) {
    const table = this.world.Table.new(this.world.model, this.plan);
    table.header(this.head);
    table.continueAt(BigInt(row));
    return table;
  }

  /** A line of the component with its status; the last cell, the warnings, is empty or not. */
  *lines(done) {
    let from = 0;
    for (const to of ends(done, true)) {
      const status = done[to - 2] === COMMA ? 'fine' : 'out of range';
      yield [status, done.subarray(from, to - 1), CSV_ENDINGS[status]];
      from = to;
    }
  }

  refused(record, { what }, status) {
    return [joined(cells(record, this.delimiter)), encode(`,,,,${what},${status}\n`)];
  }

  entries(record) {
    const found = cells(record, this.delimiter);
    const named = this.columns.map((name, at) => [name, cellText(found[at] ?? '')]);
    const wanted = ([name, text]) => this.world.fields.some((field) => field.name === name) && !MISSING.test(text);
    return Object.fromEntries(named.filter(wanted));
  }

  answered(record, { value, interval, said }, status) {
    const rest = [value, interval?.lower ?? '', interval?.upper ?? '', said.join(' '), status].join(',');
    return [joined(cells(record, this.delimiter)), encode(`,${rest}\n`)];
  }
}

/** How tables of JSON Lines are read and written; the first record says whether they are entered. */
class JsonLines {
  quoted = false;
  kind = 'application/x-ndjson';

  constructor(world, file) {
    Object.assign(this, { world, plan: JSON.stringify(file.read) });
  }

  names(record) {
    if (isBlank(record)) return undefined;
    const first = this.#object(record);
    this.byForm = needsForm(Object.keys(first ?? {}), this.world.columns, this.world.fields);
    return new Uint8Array(0);
  }

  begin(row) {
    const table = this.world.Table.new(this.world.model, this.plan);
    table.continueAt(BigInt(row));
    return table;
  }

  *lines(done) {
    let from = 0;
    for (const to of ends(done, false)) {
      const line = done.subarray(from, to - 1);
      const status = JSON.parse(decode(line)).warnings.length ? 'out of range' : 'fine';
      yield [status, line.subarray(0, -1), JSON_ENDINGS[status]];
      from = to;
    }
  }

  /** An object stays one; what is none stands in one as a text. */
  refused(record, { what }, status) {
    return this.#with(record, {}, { problem: what, status });
  }

  entries(record) {
    const wanted = ([name, value]) => this.world.fields.some((field) => field.name === name) && ['number', 'string'].includes(typeof value);
    return Object.fromEntries(Object.entries(this.#object(record) ?? {}).filter(wanted));
  }

  answered(record, { key, value, interval, warnings, said }, status) {
    const others = said.slice(warnings.length).map((what) => what.split(':')).map(([column, code]) => ({ column, code }));
    return this.#with(record, { [key]: value, interval, warnings: [...warnings, ...others] }, { status });
  }

  #object(record) {
    try {
      const value = JSON.parse(decode(record).replace(/^\ufeff/, ''));
      return value && typeof value === 'object' && !Array.isArray(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  /** The record's own text between what is added, so that its numbers stay as they were written. */
  #with(record, before, after) {
    const object = this.#object(record);
    const text = decode(record).trim();
    const inner = object ? text.slice(text.indexOf('{') + 1, -1).trim() : `"record":${JSON.stringify(text)}`;
    const [head, tail] = [before, after].map((added) => JSON.stringify(added).slice(1, -1));
    return [encode(`{${[head, inner, tail].filter(Boolean).join(',')}}\n`)];
  }
}

/** Predicts one file. `world`: Table, model, form, columns, fields, and how many bytes a record may have. */
async function one(world, file, progress) {
  const format = file.read.format === 'jsonl' ? new JsonLines(world, file) : new Csv(world, file);
  const predictor = new Predictor((row) => format.begin(row));
  const out = new Out();
  const count = { fine: 0, 'out of range': 0, missing: 0, error: 0 };
  let [named, row, size, rest] = [false, 1, 1, new Uint8Array(0)];

  const write = (status, pieces) => {
    count[status]++;
    out.add(...pieces);
  };
  const refuse = (record, refused) => {
    const status = refused.missing ? 'missing' : 'error';
    write(status, format.refused(record, refused, status));
  };
  const byForm = (record) => {
    row++;
    if (isBlank(record)) return;
    const found = entered(world, format.entries(record));
    if (found.refused) return refuse(record, found.refused);
    const status = found.said.length ? 'out of range' : 'fine';
    write(status, format.answered(record, found, status));
  };
  /** Records `at` and after: how many were dealt with. */
  const together = (bytes, found, at) => {
    const some = found.slice(at, at + size);
    const from = at ? found[at - 1] : 0;
    const relative = some.map((end) => end - from);
    const { done, rows, refused } = predictor.predict(bytes.subarray(from, some.at(-1)), relative, row);
    for (const [status, ...pieces] of format.lines(done)) write(status, pieces);
    size = Math.min(2 * size, GROUP);
    row += rows;
    if (!refused) return rows;
    refuse(bytes.subarray(from + (rows ? relative[rows - 1] : 0), from + relative[rows]), refused);
    [row, size] = [row + 1, 1];
    return rows + 1;
  };
  /** All whole records there are; the rest. */
  const take = (bytes, say) => {
    const found = ends(bytes, format.quoted);
    let at = 0;
    for (; !named && at < found.length; at++) {
      const record = bytes.subarray(at ? found[at - 1] : 0, found[at]);
      const line = format.names(record);
      named = line !== undefined;
      if (named) out.add(line);
      // the first object is a row, a header is none
      if (named && !format.quoted) break;
      row++;
    }
    while (at < found.length) {
      const from = at ? found[at - 1] : 0;
      if (format.byForm) byForm(bytes.subarray(from, found[at++]));
      else at += together(bytes, found, at);
      say(found[at - 1] / bytes.length);
    }
    // a record that never ends is an error, which the component words
    const left = bytes.slice(found.at(-1) ?? 0);
    if (left.length > world.recordBytes) predictor.predict(left, [left.length], row);
    return left;
  };

  let [before, said] = [0, performance.now()];
  for await (const [bytes, read] of chunks(file)) {
    rest = take(concat(rest, bytes), (share) => {
      if (performance.now() - said < PROGRESS_MS) return;
      said = performance.now();
      progress(before + share * (read - before));
    });
    before = read;
    progress(read);
  }
  if (rest.length) take(concat(rest, LINE_END), () => {});
  if (!named) format.begin(1).finish();
  predictor.end();
  return { blob: out.blob(format.kind), said: { count } };
}

/** Predicts files one after another; what is wrong with one is said in its place. */
export async function batch(world, files, progress) {
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const answers = [];
  let before = 0;
  for (const file of files) {
    try {
      answers.push(await one(world, file, (done) => progress({ done: before + done, total })));
    } catch (error) {
      if (!error?.payload) throw error;
      answers.push({ said: { fault: { ...error.payload, file: file.name } } });
    }
    before += file.size;
  }
  return answers;
}
