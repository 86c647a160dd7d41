// The package in Node: reads the core module from a file or a server. `index.d.ts` documents what is exported.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { loader } from './load.js';

export * from './exports.js';

const OWN = new URL('../core/samefit.core.wasm', import.meta.url);

async function read(url = OWN) {
  const { href, protocol } = new URL(url);
  if (protocol === 'file:') return readFile(new URL(href));
  const answer = await fetch(href);
  if (!answer.ok) throw new Error(`${href}: ${answer.status}`);
  return answer.arrayBuffer();
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

export const load = loader({ read, sha256 });
