// What was shared, to a line of the log that stands beside it: Audit in `docs/formats.md`, as `samefit summarize --share` writes it.
import { digest } from './digest.js';

/** The browser takes digests of what is held whole; of larger files there is no line. */
const INPUT_BYTES_MAX = 1 << 30;

const input = async ({ name, blob }) => ({ path: name, bytes: blob.size, sha256: await digest(await blob.arrayBuffer()) });

const told = (name) => (note) => {
  const place = `${note.row ? `row ${note.row}: ` : ''}${note.column ? `column \`${note.column}\`: ` : ''}`;
  return `note: ${note.file ?? name}: ${place}${note.text.split('\n')[0]}`;
};

const term = (factors) => factors.map(([name, power]) => (Number(power) === 1 ? name : `${name}^${power}`)).join('*');

/** `files`: the tables and, if there is one, the schema before them. `sha256`: of the core module. */
export async function audit({ statistics, notes, files, tables, sha256, version }) {
  if (files.some(({ blob }) => blob.size > INPUT_BYTES_MAX)) return undefined;
  const { rows, dropped, terms, shared } = JSON.parse(statistics);
  const more = tables.length > 1 ? ` and ${tables.length - 1} more` : '';
  const inputs = [];
  for (const file of files) inputs.push(await input(file));
  const line = {
    format: 'samefit-audit/1',
    statistics_sha256: await digest(new TextEncoder().encode(statistics)),
    rows,
    dropped,
    terms: terms.map(term),
    decimals: shared.decimals,
    changes: notes.map(told(`${tables[0].name}${more}`)),
    command: ['samefit page'],
    inputs,
    component_sha256: sha256,
    version,
  };
  return `${JSON.stringify(line)}\n`;
}
