// The core module as JavaScript: objects with the names of the contract, in camel case. `abi.json` describes every function (docs/abi.md), so
// this file knows the shapes of values and no function.
//
// A call checks its arguments, copies them into the module's memory, and copies the result out of it. Bad input throws a SamefitError. Any other
// exception of a call means that the module stopped: its memory cannot be trusted, so all later calls throw.

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** How a view reads a number of a kind. */
const GETTERS = { bool: 'getUint8', u32: 'getUint32', u64: 'getBigUint64', f64: 'getFloat64', own: 'getUint32' };
const ARRAYS = { u8: Uint8Array, f64: Float64Array };

const camel = (name) => name.replace(/-./g, (letters) => letters[1].toUpperCase());
const className = (name) => camel(`-${name}`);

/** What is wrong with an input, where, and what to do: has the fields of the contract's error record. */
export class SamefitError extends Error {
  constructor(record) {
    const { row, column, text, help } = record;
    const place = [row === null ? [] : `row ${row}`, column === null ? [] : `column \`${column}\``].flat().join(', ');
    super(`${place && `${place}: `}${text}${help && `\nhelp: ${help}`}`);
    Object.assign(this, record);
  }
}
SamefitError.prototype.name = 'SamefitError';

/** The module's imports. A handle is the module's own pointer, because only this file holds handles. */
export function importsOf({ resources }) {
  const imports = {};
  for (const { import: from, new: make, drop } of resources) Object.assign((imports[from] ??= {}), { [make]: (pointer) => pointer, [drop]() {} });
  return imports;
}

/** Returns the contract's interfaces. `module`: the compiled core module. `table`: the content of `abi.json`. */
export const instantiate = async (module, table) => bind(await WebAssembly.instantiate(module, importsOf(table)), table);

/** Returns the contract's interfaces, of an instance with these imports. `stopped` tells whether the module stopped. */
export function bind({ exports }, { types, resources, functions }) {
  const { memory, cabi_realloc: allocate } = exports;
  const classes = {};
  let stopped = false;
  const interfaces = { get stopped() { return stopped; } };
  const free = ({ destructor, pointer }) => stopped || exports[destructor](pointer);
  const forgotten = new FinalizationRegistry(free);
  let view = new DataView(memory.buffer);

  /** Returns an array of the type. Another type would be read as other numbers, and an array without its buffer as no numbers. */
  const checkedArray = (type, { element }, value) => {
    if (!ArrayBuffer.isView(value) || value[Symbol.toStringTag] !== ARRAYS[element].name) throw new TypeError(`expected ${ARRAYS[element].name} for ${type}`);
    if (!value.length) new Uint8Array(value.buffer); // throws if the buffer is detached
    return value;
  };
  const checkedPointer = (type, { resource }, value) => {
    if (!(value instanceof classes[resource])) throw new TypeError(`expected ${type} of this instance`);
    if (!value.pointer) throw new TypeError(`the ${resource} was freed`);
    return value.pointer;
  };
  const checkedText = (type, shape, value) => {
    if (typeof value !== 'string') throw new TypeError('expected a string');
    return encoder.encode(value);
  };
  const number = (type, shape, value) => Number(value);
  const whole = (value) => (value <= Number.MAX_SAFE_INTEGER ? Number(value) : value);
  /** By kind: an argument as a core value, or as the array that goes into memory. */
  const check = { string: checkedText, list: checkedArray, borrow: checkedPointer, u64: (type, shape, value) => BigInt(value), bool: number, u32: number, f64: number };

  /** Copies an array into the module's memory, which frees it. Returns the pointer. */
  const place = (array) => {
    const pointer = allocate(0, 0, array.BYTES_PER_ELEMENT, array.byteLength) >>> 0;
    new (array.BYTES_PER_ELEMENT === 8 ? Float64Array : Uint8Array)(memory.buffer, pointer, array.length).set(array);
    return pointer;
  };

  /** By kind: a core value as a result. */
  const lift = {
    bool: (shape, value) => value !== 0,
    u32: (shape, value) => value >>> 0,
    u64: (shape, value) => whole(BigInt.asUintN(64, value)),
    f64: (shape, value) => value,
    own: ({ resource }, pointer) => new classes[resource](pointer >>> 0),
  };
  const span = (at, array) => new array(memory.buffer, view.getUint32(at, true), view.getUint32(at + 4, true));
  /** By kind: a value in the module's memory. */
  const load = {
    list: ({ element }, at) => span(at, ARRAYS[element]).slice(),
    string: (shape, at) => decoder.decode(span(at, Uint8Array)),
    option: ({ some, payload }, at) => (view.getUint8(at) ? loadAt(some, at + payload) : null),
    record: ({ fields }, at) => Object.fromEntries(fields.map(([name, type, offset]) => [camel(name), loadAt(type, at + offset)])),
    result({ ok, err, payload }, at) {
      const failed = view.getUint8(at);
      const type = failed ? err : ok;
      const value = type === null ? undefined : loadAt(type, at + payload);
      if (failed) throw new SamefitError(value);
      return value;
    },
  };
  for (const kind in lift) load[kind] = (shape, at) => lift[kind](shape, view[GETTERS[kind]](at, true));
  const loadAt = (type, at) => load[types[type].kind](types[type], at);

  /** Returns a function of the table as one of JavaScript. */
  const caller = ({ export: name, params, result, result_by_pointer: isStored, post_return: release }) => {
    const run = exports[name];
    const checks = params.map(([, type]) => check[types[type].kind].bind(null, type, types[type]));
    return (...values) => {
      const checked = checks.map((one, at) => one(values[at]));
      if (stopped) throw new Error('the module stopped in an earlier call: load it again');
      try {
        const found = run(...checked.flatMap((value) => (ArrayBuffer.isView(value) ? [place(value), value.length] : value)));
        if (!isStored) return result === null ? undefined : lift[types[result].kind](types[result], found);
        if (view.buffer !== memory.buffer) view = new DataView(memory.buffer);
        try {
          return loadAt(result, found >>> 0);
        } finally {
          if (release !== null) exports[release](found);
        }
      } catch (error) {
        stopped = !(error instanceof SamefitError);
        throw error;
      }
    };
  };

  for (const { name, interface: home, destructor } of resources) {
    classes[name] = class {
      constructor(pointer) {
        this.pointer = pointer;
        forgotten.register(this, { destructor, pointer }, this);
      }
      /** Frees the memory of the resource now. Without it, that happens at some time after the last use. */
      free() {
        if (!this.pointer) return;
        forgotten.unregister(this);
        free({ destructor, pointer: this.pointer });
        this.pointer = 0;
      }
    };
    if (Symbol.dispose) classes[name].prototype[Symbol.dispose] = classes[name].prototype.free;
    (interfaces[camel(home)] ??= {})[className(name)] = classes[name];
  }
  for (const one of functions) {
    const call = caller(one);
    const home = (interfaces[camel(one.interface)] ??= {});
    if (one.kind === 'function') home[camel(one.name)] = call;
    else if (one.kind === 'static') classes[one.resource][camel(one.name)] = call;
    else classes[one.resource].prototype[camel(one.name)] = function (...values) { return call(this, ...values); };
  }
  return interfaces;
}
