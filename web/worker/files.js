// Reads files in chunks of bytes. The next chunk is read while the one before is summed.

const CHUNK_BYTES = 4 << 20;

export const totalSize = (files) => files.reduce((sum, file) => sum + file.size, 0);

/** Yields [bytes, number of bytes of the file that were read so far]. A packed file is unpacked, and UTF-16 with its mark becomes UTF-8. */
export async function* chunks({ blob, name }) {
  yield* inUtf8(name.toLowerCase().endsWith('.gz') ? unpacked(blob) : slices(blob));
}

/** The encoding of text that begins with a mark of UTF-16; none for other bytes. */
const encodingOf = ([first, second]) => (first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : null);

async function* inUtf8(parts) {
  const encoder = new TextEncoder();
  let decoder;
  for await (const [bytes, read] of parts) {
    if (decoder === undefined && bytes.length) {
      const encoding = encodingOf(bytes);
      decoder = encoding && new TextDecoder(encoding);
    }
    yield [decoder ? encoder.encode(decoder.decode(bytes, { stream: true })) : bytes, read];
  }
}

async function* slices(blob) {
  const read = (from) => (from < blob.size ? blob.slice(from, from + CHUNK_BYTES).arrayBuffer() : null);
  let next = read(0);
  for (let at = 0; next; ) {
    const bytes = new Uint8Array(await next);
    at += bytes.length;
    next = bytes.length ? read(at) : null;
    yield [bytes, at];
  }
}

async function* unpacked(blob) {
  let read = 0;
  const count = new TransformStream({
    transform(bytes, controller) {
      read += bytes.length;
      controller.enqueue(bytes);
    },
  });
  const reader = blob.stream().pipeThrough(count).pipeThrough(new DecompressionStream('gzip')).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) yield [part.value, read];
}
