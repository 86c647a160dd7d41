// What every object of this package has that holds memory of the core module.

/** `using` frees an object at the end of its block, in programs that know it. */
const DISPOSE = Symbol.dispose ?? Symbol.for('Symbol.dispose');

export class Owned {
  /** `samefit`: the object that made this one. `raw`: a resource of the contract. */
  constructor(samefit, raw) {
    Object.defineProperties(this, { samefit: { value: samefit }, raw: { value: raw } });
  }

  free() {
    this.raw.free();
  }

  [DISPOSE]() {
    this.free();
  }
}
