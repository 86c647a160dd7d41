/**
 * The contract itself: its functions and resources by interface, with names in camel case, as `training.Summarizer`. `regression.wit` documents
 * each. A `list<u8>` is a Uint8Array, a `list<f64>` a Float64Array, documents are texts, and none of an option is null.
 */

/** A resource of the contract: it has the methods of the contract, and memory. */
export interface Resource {
  /** Frees the memory. */
  free(): void;
  [method: string]: (...values: any[]) => any;
}
/** A class has the static functions of its resource: `Summarizer.new(plan)`. */
export interface ResourceClass {
  [constructor: string]: (...values: any[]) => any;
}
export interface Interfaces {
  /** Whether the module stopped: after an exception that is no error of this package, its memory cannot be trusted. */
  readonly stopped: boolean;
  readonly training: any;
  readonly prediction: any;
  readonly quality: any;
  readonly profile: any;
  readonly entry: any;
  readonly identity: any;
}
/** The content of abi.json: `samefit/table`. */
export type Table = object;
export { SamefitError } from './index.js';

/** Returns the contract's interfaces. `module`: the compiled core module. */
export function instantiate(module: object, table: Table): Promise<Interfaces>;
/** Returns the contract's interfaces, of an instance with the imports of `importsOf`. */
export function bind(instance: { exports: any }, table: Table): Interfaces;
/** The imports of the core module. */
export function importsOf(table: Table): Record<string, Record<string, (value: number) => any>>;
