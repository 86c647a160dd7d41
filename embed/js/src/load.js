// The core module into an object that trains and predicts.
import { read, sha256 } from '#source';
import { digest, table } from '../core/table.js';
import { bind, importsOf } from './component.js';
import { Samefit } from './samefit.js';

/** The compiled core module of the package: it is compiled once. */
let own;

/** Returns the bytes of a source: bytes, a response, or a URL. */
async function bytesOf(source) {
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return source;
  if (typeof source?.arrayBuffer === 'function') return source.arrayBuffer();
  return read(source);
}

/** Compiles the core module, if it is the one for which this package was made. */
async function compile(source) {
  const bytes = await bytesOf(source);
  const found = await sha256(bytes);
  if (found !== digest) throw new Error(`the core module has the digest ${found}, and this package needs ${digest}: take the file that comes with the package`);
  return WebAssembly.compile(bytes);
}

export async function load(source) {
  const given = await source;
  if (given === undefined) own ??= compile().catch((error) => ((own = undefined), Promise.reject(error)));
  const module = given === undefined ? await own : given instanceof WebAssembly.Module ? given : await compile(given);
  const imports = importsOf(table);
  const first = bind(await WebAssembly.instantiate(module, imports), table);
  return new Samefit(module, first, () => bind(new WebAssembly.Instance(module, imports), table));
}
