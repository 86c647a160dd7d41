// Bytes to whole records and their cells, and pieces of bytes to one blob. Cells are kept as bytes, a character each, so that a text in
// another encoding than UTF-8 leaves as it came.

const QUOTE = 34;
const LF = 10;
const PART_BYTES = 1 << 20;

/** Offsets just after each record's end; what follows the last is not complete. `quoted`: line breaks in quotes end nothing. */
export function ends(bytes, quoted) {
  const found = [];
  let open = false;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === LF && !open) found.push(at + 1);
    else if (bytes[at] === QUOTE && quoted) open = !open;
  }
  return found;
}

export const encode = (text) => new TextEncoder().encode(text);
export const decode = (bytes) => new TextDecoder().decode(bytes);

/** A character for each byte, and back. */
const characters = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
const asBytes = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** The cells of one record of CSV, without their quotes. */
export function cells(record, delimiter) {
  const found = [''];
  let quoted = false;
  const text = characters(record).replace(/\r?\n$/, '');
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"' && quoted && text[at + 1] === '"') found[found.length - 1] += text[at++];
    else if (text[at] === '"') quoted = !quoted;
    else if (text[at] === delimiter && !quoted) found.push('');
    else found[found.length - 1] += text[at];
  }
  return found;
}

/** The text of a cell. */
export const cellText = (cell) => decode(asBytes(cell)).trim();

/** Cells as one record without its line break. */
export const joined = (cells) => asBytes(cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(','));

export const concat = (first, second) => {
  if (!first.length) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
};

/** What is written: the browser may put finished parts where memory is not short. */
export class Out {
  #blobs = [];
  #part = new Uint8Array(PART_BYTES);
  #used = 0;

  add(...pieces) {
    for (const piece of pieces) {
      if (this.#used + piece.length > PART_BYTES) this.#flush();
      if (piece.length > PART_BYTES) this.#blobs.push(new Blob([piece]));
      else {
        this.#part.set(piece, this.#used);
        this.#used += piece.length;
      }
    }
  }

  blob(type) {
    this.#flush();
    return new Blob(this.#blobs, { type });
  }

  #flush() {
    if (this.#used) this.#blobs.push(new Blob([this.#part.subarray(0, this.#used)]));
    this.#used = 0;
  }
}
