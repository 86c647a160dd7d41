// Tables in any of the forms that JavaScript has into calls of a resource of the contract that reads them.
import { json } from './plan.js';

/** Bytes that are copied into the core module at once. */
const CHUNK_BYTES = 4 << 20;

const encoder = new TextEncoder();
const bytesOf = (chunk) => (typeof chunk === 'string' ? encoder.encode(chunk) : chunk instanceof ArrayBuffer ? new Uint8Array(chunk) : chunk);

/** Calls a function with a value, or with what a promise of it becomes. */
export const then = (value, next) => (value instanceof Promise ? value.then(next) : next(value));

/** Whether data are an array of records. */
export const isRecords = Array.isArray;

const isStream = (data) => typeof data.getReader === 'function' || typeof data[Symbol.asyncIterator] === 'function';

/** Returns what data are: `bytes`, a `stream`, or `columns` as pairs of a name and its values. */
function read(data) {
  if (typeof data === 'string' || ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return { bytes: bytesOf(data) };
  if (isRecords(data)) return { bytes: encoder.encode(data.map((record) => `${json(record)}\n`).join('')) };
  if (data === null || typeof data !== 'object') throw new TypeError('expected columns, records, text, bytes, a Blob or a stream of bytes');
  if (typeof data.stream === 'function') return { stream: data.stream() };
  if (typeof data.body === 'object' && data.body !== null && isStream(data.body)) return { stream: data.body };
  if (isStream(data)) return { stream: data };
  return { columns: [...(data instanceof Map ? data : Object.entries(data))] };
}

/** Whether data can be read only once. */
export const isOnce = (data) => isStream(data) || Boolean(data.body && isStream(data.body));

/** Yields the chunks of a stream. Not every browser iterates over streams. */
async function* chunks(stream) {
  if (typeof stream.getReader !== 'function') return yield* stream;
  const reader = stream.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    // whoever stops reading needs no more; after the end this does nothing
    reader.cancel().catch(() => {});
  }
}

/** Sets a column of numbers or of texts. */
export function setColumn(sink, name, values) {
  if (values?.[Symbol.toStringTag] === 'Float64Array') return sink.setF64(name, values);
  if (!Array.isArray(values)) throw new TypeError(`column ${name}: expected a Float64Array or an array of strings`);
  const line = (value) => {
    if (value === null || value === undefined) return '\n';
    if (typeof value !== 'string') throw new TypeError(`column ${name}: expected strings in an array, and numbers in a Float64Array`);
    if (value.includes('\n')) throw new TypeError(`column ${name}: a value has a line break`);
    return `${value}\n`;
  };
  sink.setText(name, encoder.encode(values.map(line).join('')));
}

/**
 * Reads data into a resource, and frees it. Returns what `end` makes of it; of a stream, a promise of that. `sum`: what to do after the columns
 * were set; a resource without it takes bytes alone.
 */
export function feed(data, sink, end, sum) {
  const begun = () => {
    const { bytes, stream, columns } = read(data);
    if (stream) return pour(stream);
    if (bytes) {
      for (let at = 0; at === 0 || at < bytes.length; at += CHUNK_BYTES) sink.push(bytes.subarray(at, at + CHUNK_BYTES));
      return end(sink);
    }
    if (!sum) throw new TypeError('expected text, bytes, records, a Blob or a stream, not columns');
    for (const [name, values] of columns) setColumn(sink, name, values);
    sum(sink);
    return end(sink);
  };
  const pour = async (stream) => {
    for await (const chunk of chunks(stream)) sink.push(bytesOf(chunk));
    return end(sink);
  };
  let ended;
  try {
    ended = begun();
  } catch (error) {
    sink.free();
    throw error;
  }
  if (!(ended instanceof Promise)) return sink.free(), ended;
  return ended.finally(() => sink.free());
}
