// Shared statistics to a line of the log that is kept beside them (Audit in `docs/formats.md`), as `samefit summarize --share` writes it. The
// component writes what follows from the statistics; the page adds the files that were read and what it is.
import { digest } from './digest.js';

/** The browser computes digests only of bytes that it holds whole. With a larger file there is no line. */
const INPUT_BYTES_MAX = 1 << 30;

const input = async ({ name, blob }) => ({ path: name, bytes: blob.size, sha256: await digest(await blob.arrayBuffer()) });

/**
 * `statistics`: the resource. `files`: the tables and, if there is one, the schema before them. `sha256`: of the core module. Notes without a
 * file are about all tables.
 */
export async function audit({ statistics, notes, files, tables, sha256, version }) {
  if (files.some(({ blob }) => blob.size > INPUT_BYTES_MAX)) return undefined;
  const all = `${tables[0].name}${tables.length > 1 ? ` and ${tables.length - 1} more` : ''}`;
  const known = JSON.parse(statistics.audit(JSON.stringify(notes.map((note) => ({ file: all, ...note })))));
  const inputs = [];
  for (const file of files) inputs.push(await input(file));
  return `${JSON.stringify({ ...known, command: ['samefit page'], inputs, component_sha256: sha256, version })}\n`;
}
