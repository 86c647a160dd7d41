// The bytes of the core module in browsers and their workers: from a server, compared with their digest.

// bundlers know this form: they copy the file, and write its new address here
const OWN = new URL('../core/samefit.core.wasm', import.meta.url);

/** Returns the bytes at a URL; without one, those beside the package. */
export async function read(url = OWN) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.arrayBuffer();
}

/** Returns the SHA-256 of bytes in hexadecimal digits. */
export async function sha256(bytes) {
  if (!globalThis.crypto?.subtle) throw new Error('the browser computes digests only for pages from https and localhost: compile the core module yourself, and load that');
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
