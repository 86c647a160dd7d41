// The core module of the component as JavaScript: objects with the names of the contract, in camel case. `abi.json` describes every function
// (docs/abi.md), so this file knows the shapes of values and no function.
//
// A call copies its arguments into the module's memory, and its result out of it. An error record is thrown as the `payload` of an Error.
// Any other exception means that the module stopped: its memory can no longer be trusted, so the caller drops the instance.

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const ARRAYS = { u8: Uint8Array, f64: Float64Array };

const camel = (name) => name.replace(/-./g, (letters) => letters[1].toUpperCase());
const className = (name) => camel(`-${name}`);

/** Returns the contract's interfaces. `module`: the compiled core module. `table`: the content of `abi.json`. */
export async function instantiate(module, { types, resources, functions }) {
  const imports = {};
  // a handle is the module's own pointer, because only this file holds handles
  for (const { import: from, new: make, drop } of resources) Object.assign((imports[from] ??= {}), { [make]: (pointer) => pointer, [drop]: () => {} });
  const { exports } = await WebAssembly.instantiate(module, imports);
  const { memory, cabi_realloc: allocate } = exports;
  const interfaces = {};
  const classes = {};

  /** Copies an array into the module's memory. Returns the pointer and the number of elements. The module frees it. */
  const lowerArray = (array) => {
    const pointer = allocate(0, 0, array.BYTES_PER_ELEMENT, array.byteLength) >>> 0;
    new array.constructor(memory.buffer, pointer, array.length).set(array);
    return [pointer, array.length];
  };

  /** Returns an argument as core values. */
  const lower = (type, value) => {
    const { kind, element } = types[type];
    if (kind === 'string') return lowerArray(encoder.encode(value));
    if (kind === 'u64') return [BigInt(value)];
    if (kind === 'borrow') {
      if (!value?.pointer) throw new TypeError(`found no ${type}, or one that was freed`);
      return [value.pointer];
    }
    if (kind !== 'list') return [Number(value)];
    // an array of another type would be read as other numbers
    if (!(value instanceof ARRAYS[element])) throw new TypeError(`expected ${ARRAYS[element].name} for ${type}`);
    return lowerArray(value);
  };

  const lift = {
    bool: (_, value) => value !== 0,
    u32: (_, value) => value >>> 0,
    u64: (_, value) => Number(BigInt.asUintN(64, value)),
    f64: (_, value) => value,
    own: ({ resource }, pointer) => new classes[resource](pointer >>> 0),
  };

  const load = {
    bool: (shape, at, data) => lift.bool(shape, data.getUint8(at)),
    u32: (shape, at, data) => data.getUint32(at, true),
    u64: (shape, at, data) => Number(data.getBigUint64(at, true)),
    f64: (shape, at, data) => data.getFloat64(at, true),
    own: (shape, at, data) => lift.own(shape, data.getUint32(at, true)),
    list: ({ element }, at, data) => new ARRAYS[element](memory.buffer, data.getUint32(at, true), data.getUint32(at + 4, true)).slice(),
    string: (shape, at, data) => decoder.decode(load.list({ element: 'u8' }, at, data)),
    option: ({ some, payload }, at, data) => (data.getUint8(at) ? loadAt(some, at + payload) : null),
    record: ({ fields }, at) => Object.fromEntries(fields.map(([name, type, offset]) => [name, loadAt(type, at + offset)])),
    result({ ok, err, payload }, at, data) {
      const value = data.getUint8(at) ? err : ok;
      const found = value === null ? undefined : loadAt(value, at + payload);
      if (value === ok) return found;
      throw Object.assign(new Error(found.text), { payload: found });
    },
  };

  /** Reads a value in the module's memory. */
  const loadAt = (type, at) => load[types[type].kind](types[type], at, new DataView(memory.buffer));

  const caller = ({ export: name, params, result, result_by_pointer: isStored, post_return: release }) => {
    const run = exports[name];
    return (...values) => {
      const found = run(...params.flatMap(([, type], at) => lower(type, values[at])));
      if (!isStored) return result === null ? undefined : lift[types[result].kind](types[result], found);
      try {
        return loadAt(result, found >>> 0);
      } finally {
        if (release !== null) exports[release](found);
      }
    };
  };

  for (const { name, interface: home, destructor } of resources) {
    classes[name] = class {
      constructor(pointer) {
        this.pointer = pointer;
      }
      /** Frees the memory of the resource. The browser would free it too late, because it does not see that memory. */
      free() {
        if (this.pointer) exports[destructor](this.pointer);
        this.pointer = 0;
      }
    };
    (interfaces[camel(home)] ??= {})[className(name)] = classes[name];
  }
  for (const one of functions) {
    const call = caller(one);
    const home = (interfaces[camel(one.interface)] ??= {});
    if (one.kind === 'function') home[camel(one.name)] = call;
    else if (one.kind === 'static') classes[one.resource][camel(one.name)] = call;
    else
      classes[one.resource].prototype[camel(one.name)] = function (...values) {
        return call(this, ...values);
      };
  }
  return interfaces;
}
