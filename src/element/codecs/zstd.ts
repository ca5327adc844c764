/** Zstandard in plain JavaScript, decompression only. */

import { Decompress } from "fzstd";
import { FailedPreconditionError } from "../../base/mod.ts";
import { concatBytes } from "../byte_writer.ts";
import { type Codec, damaged } from "./codec.ts";

/** Zstandard for readers in browsers; servers have the platform's. */
export const zstdCodec: Codec = {
  name: "ZSTD",
  canCompress: false,
  compress() {
    throw new FailedPreconditionError("Cannot compress by ZSTD: this runtime can only decompress it");
  },
  decompress(bytes, size) {
    try {
      checkFrame(bytes, size);
      return inflate(bytes, size);
    } catch (cause) {
      throw damaged("ZSTD", cause);
    }
  },
};

function inflate(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const stream = new Decompress((chunk) => {
    length += chunk.length;
    if (length > size) throw new RangeError(`it gives more than ${size} bytes`);
    chunks.push(chunk as Uint8Array<ArrayBuffer>);
  });
  stream.push(bytes, true);
  if (length < size) throw new RangeError(`it gives ${length} of ${size} bytes`);
  return concatBytes(chunks);
}

// What compressors ask of any decompressor, by the format's own advice.
const LARGEST_WINDOW = 8 * 2 ** 20;

/**
 * Refuses all but one complete frame that claims no memory beyond `size`: the library allocates whatever window a
 * frame asks for, and begins further frames where it finds them.
 */
function checkFrame(bytes: Uint8Array, size: number): void {
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
    const isRun = ((header >>> 1) & 3) === 1;
    at += 3 + (isRun ? 1 : header >>> 3);
  }
  if (at + (flags & 0b100) !== bytes.length) throw new RangeError("its frame does not end with its bytes");
}
