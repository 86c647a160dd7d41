// A table of CSV to the same table with predictions and, in its last column, how each row fared: `fine`, `out of range`, `missing` or
// `error`. The component predicts; where it refuses a row, that row is written without a prediction and the next one goes on.
import { chunks } from './files.js';

const QUOTE = 34;
const LF = 10;
const decoder = new TextDecoder();

/** Offsets just after each record's end, quotes minded; what follows the last is not complete. */
function ends(bytes) {
  const found = [];
  let quoted = false;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === QUOTE) quoted = !quoted;
    else if (bytes[at] === LF && !quoted) found.push(at + 1);
  }
  return found;
}

/** The cells of one record. */
function cells(record, delimiter) {
  const found = [];
  let cell = '';
  let quoted = false;
  for (const character of record.replace(/\r?\n$/, '')) {
    if (character === '"') quoted = !quoted;
    if (character === delimiter && !quoted) {
      found.push(cell);
      cell = '';
    } else cell += character;
  }
  return [...found, cell];
}

const cellText = (cell) => {
  const bare = /^".*"$/s.test(cell) ? cell.slice(1, -1).replaceAll('""', '"') : cell;
  return /[",\r\n]/.test(bare) ? `"${bare.replaceAll('"', '""')}"` : bare;
};

const concat = (first, second) => {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
};

export async function batch(Table, model, file, progress) {
  const delimiter = file.read.delimiter ?? ',';
  const plan = JSON.stringify({ ...file.read, with_input: true });
  const out = [];
  const count = { fine: 0, 'out of range': 0, missing: 0, error: 0 };
  let header;
  let row = 1;
  let rest = new Uint8Array(0);
  const write = (line, status) => {
    count[status]++;
    out.push(`${line},${status}\n`);
  };

  /** A table that goes on at `row`; what it says of the names is fatal. */
  const table = () => {
    const one = Table.new(model, plan);
    one.header(header);
    one.continueAt(BigInt(row));
    return one;
  };
  const predicted = (bytes) => {
    for (const [from, to] of spans(ends(bytes))) {
      const line = decoder.decode(bytes.subarray(from, to - 1));
      // the last column, the warnings, is empty
      write(line, line.endsWith(',') ? 'fine' : 'out of range');
    }
  };
  const refused = (bytes, error) => {
    const record = cells(decoder.decode(bytes), delimiter).map(cellText).join(',');
    const missing = error.code === 'missing-values';
    write(`${record},,,,${cellText(`${error.column ?? 'row'}:${error.code}`)}`, missing ? 'missing' : 'error');
  };

  /** Whole records: as many at a time as there are before one that is refused. */
  const records = (bytes) => {
    let spansLeft = spans(ends(bytes));
    while (spansLeft.length) {
      const from = spansLeft[0][0];
      let bad;
      try {
        const one = table();
        const first = one.push(bytes.subarray(from, spansLeft.at(-1)[1]));
        const last = one.finish();
        predicted(concat(first, last));
        row += spansLeft.length;
        return;
      } catch (error) {
        if (error?.payload?.row === undefined) throw error;
        bad = error.payload;
      }
      const index = Number(bad.row) - row;
      if (index > 0) {
        const one = table();
        const first = one.push(bytes.subarray(from, spansLeft[index][0]));
        predicted(concat(first, one.finish()));
      }
      refused(bytes.subarray(...spansLeft[index]), bad);
      row += index + 1;
      spansLeft = spansLeft.slice(index + 1);
    }
  };

  /** All whole records of what was read, some hundred at a time, so that a refused one costs little. */
  const take = (bytes) => {
    const found = ends(bytes);
    let from = 0;
    if (!header && found.length) {
      header = bytes.slice(0, found[0]);
      const names = Table.new(model, plan);
      out.push(`${decoder.decode(concat(names.push(header), names.finish())).trimEnd()},status\n`);
      row = 2;
      from = found.shift();
    }
    for (let at = 0; at < found.length; at += GROUP) {
      const to = found[Math.min(at + GROUP, found.length) - 1];
      records(bytes.subarray(from, to));
      from = to;
    }
    return bytes.slice(from);
  };

  for await (const [bytes, read] of chunks(file)) {
    rest = take(rest.length ? concat(rest, bytes) : bytes);
    progress({ done: read, total: file.size });
  }
  if (rest.length) take(concat(rest, new Uint8Array([LF])));
  return { blob: new Blob(out, { type: 'text/csv' }), count: JSON.stringify(count) };
}

const GROUP = 512;

const spans = (found) => found.map((to, at) => [at ? found[at - 1] : 0, to]);
