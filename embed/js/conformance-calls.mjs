// A request of the conformance driver into a call of the contract: `perform(request)` returns the answer. It runs in Node and in browsers.
import { instantiate, SamefitError } from './src/component.js';

const camel = (name) => name.replace(/-./g, (letters) => letters[1].toUpperCase());
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (two) => Number.parseInt(two, 16));
const bytesOf = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** `module`: the compiled core module. */
export function performer(module, table) {
  const functions = new Map(table.functions.map((one) => [`${one.interface}/${one.resource ? `${one.resource}.` : ''}${one.name}`, one]));
  let component;
  let handles = new Map();
  let last = 0;

  const decode = (type, value) => {
    const { kind, element } = table.types[type];
    if (kind === 'borrow') return handles.get(value);
    if (kind === 'u64') return BigInt(value);
    if (kind === 'f64') return new Float64Array(unhex(value).buffer)[0];
    return kind !== 'list' ? value : element === 'u8' ? unhex(value) : new Float64Array(unhex(value).buffer);
  };
  const encode = (type, value) => {
    const { kind, some, ok } = table.types[type] ?? {};
    if (value === null || value === undefined) return null;
    if (kind === 'result') return encode(ok, value);
    if (kind === 'option') return encode(some, value);
    if (kind === 'u64') return String(value);
    if (kind === 'f64') return hex(bytesOf(Float64Array.of(value)));
    if (kind === 'list') return hex(bytesOf(value));
    if (kind !== 'own') return value;
    handles.set(++last, value);
    return last;
  };
  const call = (place, args) => {
    const { kind, interface: home, resource, name, params, result } = functions.get(place);
    const values = params.map(([, type], at) => decode(type, args[at]));
    const owner = resource ? component[camel(home)][camel(`-${resource}`)] : component[camel(home)];
    const found = kind === 'method' ? values[0][camel(name)](...values.slice(1)) : owner[camel(name)](...values);
    return encode(result, found);
  };

  return async ({ call: place, args, free }) => {
    if (!component) [component, handles] = [await instantiate(module, table), new Map()];
    try {
      if (free === undefined) return { ok: call(place, args) };
      handles.get(free)?.free();
      handles.delete(free);
      return { ok: null };
    } catch (error) {
      if (!(error instanceof SamefitError)) {
        component = undefined;
        return { trap: String(error) };
      }
      const { row, ...others } = error;
      return { err: { ...others, row: row === null ? null : String(row) } };
    }
  };
}
