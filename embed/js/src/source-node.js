// The bytes of the core module in Node: from a file or a server, compared with their digest.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

const OWN = new URL('../core/samefit.core.wasm', import.meta.url);

/** Returns the bytes at a URL; without one, those in the package. */
export async function read(url = OWN) {
  const { href, protocol } = new URL(url);
  if (protocol === 'file:') return readFile(new URL(href));
  const answer = await fetch(href);
  if (!answer.ok) throw new Error(`${href}: ${answer.status}`);
  return answer.arrayBuffer();
}

/** Returns the SHA-256 of bytes in hexadecimal digits. */
export const sha256 = async (bytes) => createHash('sha256').update(new Uint8Array(bytes)).digest('hex');
