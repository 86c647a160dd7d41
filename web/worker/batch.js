// A table of CSV or JSON Lines to the same table with predictions and with the status of each row. The component does all of it.
import { SamefitError } from './component.js';
import { chunks } from './files.js';
import { free } from './free.js';

const PROGRESS_MS = 100;
const KINDS = { csv: 'text/csv', jsonl: 'application/x-ndjson' };

/** Predicts one file. `begin`: makes a table of a plan. `progress` is called with the number of bytes of the file that were read. */
async function one(begin, file, progress) {
  const table = begin(JSON.stringify({ ...file.read, with_input: true, on_error: 'continue' }));
  // a browser may put the parts of a blob where memory is not short
  const parts = [];
  const keep = (bytes) => bytes.length && parts.push(new Blob([bytes]));
  let said = performance.now();
  try {
    for await (const [bytes, read] of chunks(file)) {
      keep(table.push(bytes));
      if (performance.now() - said < PROGRESS_MS) continue;
      said = performance.now();
      progress(read);
    }
    keep(table.finish());
    progress(file.size);
    return { blob: new Blob(parts, { type: KINDS[file.read.format ?? 'csv'] }), said: { count: JSON.parse(table.counts()) } };
  } finally {
    free(table);
  }
}

/** Predicts files one after another. An error in one file is that file's answer, and stops no other. */
export async function batch(begin, files, progress) {
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const answers = [];
  let before = 0;
  for (const file of files) {
    try {
      answers.push(await one(begin, file, (done) => progress({ done: before + done, total })));
    } catch (error) {
      if (!(error instanceof SamefitError)) throw error;
      answers.push({ said: { fault: { ...error, file: file.name } } });
    }
    before += file.size;
  }
  return answers;
}
