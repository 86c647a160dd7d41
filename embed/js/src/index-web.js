// The package in browsers and their workers: fetches the core module. `index.d.ts` documents what is exported.
import { loader } from './load.js';

export * from './exports.js';

// bundlers know this form: they copy the file, and write its new address here
const OWN = new URL('../core/samefit.core.wasm', import.meta.url);

async function read(url = OWN) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.arrayBuffer();
}

async function sha256(bytes) {
  if (!globalThis.crypto?.subtle) throw new Error('browsers compute digests only for pages from https and localhost: compile the core module yourself, and load that');
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export const load = loader({ read, sha256 });
