// Reads files in chunks of bytes. The next chunk is read while the one before is summed.

const CHUNK_BYTES = 4 << 20;

export const totalSize = (files) => files.reduce((sum, file) => sum + file.size, 0);

/** Yields [bytes, number of bytes of the file that were read so far]. A packed file is unpacked. */
export async function* chunks({ blob, name }) {
  if (name.toLowerCase().endsWith('.gz')) yield* unpacked(blob);
  else yield* slices(blob);
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
