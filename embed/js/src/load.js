// The core module into an object that trains and predicts.
import { digest, table } from '../core/table.js';
import { bind, importsOf } from './component.js';
import { Samefit } from './samefit.js';

/**
 * Returns the function `load`. `read`: returns the bytes at a URL, or without one those of the package's own core module. `sha256`: returns a
 * digest in hexadecimal digits. Either may return a promise.
 */
export function loader({ read, sha256 }) {
  /** The package's own core module: it is compiled once. */
  let own;

  /** Compiles the core module of a source, if it is the one for which this package was made. */
  async function compile(source) {
    const isBytes = source instanceof ArrayBuffer || ArrayBuffer.isView(source);
    const bytes = new Uint8Array(isBytes ? source : await (source?.arrayBuffer?.() ?? read(source)));
    const found = await sha256(bytes);
    if (found !== digest) throw new Error(`the core module has the digest ${found}, and this package needs ${digest}: take the file that comes with the package`);
    return WebAssembly.compile(bytes);
  }

  async function compileOwn() {
    try {
      return await (own ??= compile());
    } catch (error) {
      own = undefined; // the next call may find the file
      throw error;
    }
  }

  return async function load(source) {
    const given = await source;
    const module = given === undefined ? await compileOwn() : given instanceof WebAssembly.Module ? given : await compile(given);
    const imports = importsOf(table);
    const first = bind(await WebAssembly.instantiate(module, imports), table);
    return new Samefit(module, first, () => bind(new WebAssembly.Instance(module, imports), table));
  };
}
