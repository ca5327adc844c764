/**
 * What must be known of a Zstandard frame before the library may have it: it allocates whatever window a frame asks
 * for, begins further frames where it finds them, and does not end on one kind of damage.
 */

// What compressors ask of any decompressor, by the format's own advice.
const LARGEST_WINDOW = 8 * 2 ** 20;

// Types of blocks.
const RUN = 1;
const COMPRESSED = 2;

/**
 * Refuses all but one complete frame that claims no memory beyond `size`.
 *
 * @throws {RangeError} that says what is wrong
 */
export function checkFrame(bytes: Uint8Array, size: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== 0xfd2fb528) throw new RangeError("it does not begin as a frame");
  const flags = view.getUint8(4);
  if (flags & 0b1011) throw new RangeError("it asks for a dictionary or for what is not known");
  const single = (flags & 0b10_0000) !== 0;
  let at = single ? 5 : 6;
  const content = [single ? 1 : 0, 2, 4, 8][flags >>> 6];
  if (content > 0) {
    const stated = content === 1
      ? view.getUint8(at)
      : content === 2
      ? view.getUint16(at, true) + 256
      : content === 4
      ? view.getUint32(at, true)
      : Number(view.getBigUint64(at, true));
    if (stated !== size) throw new RangeError(`it gives ${stated} bytes, not ${size}`);
    at += content;
  }
  if (!single) {
    const descriptor = view.getUint8(5);
    const base = 2 ** (10 + (descriptor >>> 3));
    const window = base + (base / 8) * (descriptor & 7);
    if (window > Math.max(size, LARGEST_WINDOW)) {
      throw new RangeError(`its window of ${window} bytes is too large`);
    }
  }
  for (let last = false; !last;) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    last = (header & 1) === 1;
    const type = (header >>> 1) & 3;
    if (type === COMPRESSED) checkLiterals(bytes, at + 3);
    at += 3 + (type === RUN ? 1 : header >>> 3);
  }
  if (at + (flags & 0b100) !== bytes.length) throw new RangeError("its frame does not end with its bytes");
}

/**
 * Refuses a Huffman tree whose weights are all one symbol of full probability: decoding such a symbol takes no bits,
 * so that the library never comes to the end of them. Other trees are left to the library.
 */
function checkLiterals(bytes: Uint8Array, at: number): void {
  const hasTree = (bytes[at] & 3) === 2;
  if (!hasTree) return;
  const sizeFormat = (bytes[at] >>> 2) & 3;
  const tree = at + Math.max(3, sizeFormat + 2);
  const areWeightsPlain = bytes[tree] >= 128;
  if (!areWeightsPlain && isOneSymbol(bytes, tree + 1)) {
    throw new RangeError("a Huffman tree has one symbol only");
  }
}

/** Whether the first symbol in a table of probabilities that has any has all. */
function isOneSymbol(bytes: Uint8Array, at: number): boolean {
  let bit = at * 8;
  const peek = (count: number) => {
    const byte = bit >>> 3;
    return ((bytes[byte] | (bytes[byte + 1] << 8) | (bytes[byte + 2] << 16)) >>> (bit & 7)) &
      ((1 << count) - 1);
  };
  const log = peek(4) + 5;
  if (log > 6) return false; // The library refuses larger tables of weights.
  bit += 4;
  // Small values take one bit less than the others.
  const shortest = 2 ** log - 2;
  for (;;) {
    const long = peek(log + 1);
    const short = peek(log);
    const isShort = short < shortest;
    const value = isShort ? short : long > short ? long - shortest : long;
    bit += isShort ? log : log + 1;
    const probability = value - 1;
    if (probability !== 0) return probability === 2 ** log;
    let repeat = 3;
    for (; repeat === 3; bit += 2) repeat = peek(2);
  }
}
