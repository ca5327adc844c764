/** Snappy's raw format. */

// @ts-types="./snappyjs.d.ts"
import { compress } from "snappyjs";
import { concatBytes } from "../byte_writer.ts";
import { type Codec, damaged } from "./codec.ts";

/** Snappy in plain JavaScript. */
export const snappyCodec: Codec = {
  name: "SNAPPY",
  canCompress: true,
  compress: (chunks) => compress(concatBytes(chunks)),
  decompress: decompressSnappy,
};

// Three bytes copy 64 at most: a larger claim is refused before anything is allocated for it.
const MOST_BYTES_A_BYTE = 22;

/**
 * Undoes Snappy. The library's own decompressor is not used: damaged bytes send it into endless loops, and it does not
 * say how many bytes a truncated input gave.
 */
function decompressSnappy(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  let at = 0;
  let length = 0;
  for (let scale = 1;; scale *= 0x80) {
    const byte = bytes[at++];
    if (byte === undefined || scale > 2 ** 28) throw damaged("SNAPPY", "its length is not there");
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  if (length !== size) throw damaged("SNAPPY", `it gives ${length} bytes, not ${size}`);
  if (size > MOST_BYTES_A_BYTE * bytes.length) {
    throw damaged("SNAPPY", `${bytes.length} bytes cannot give ${size}`);
  }
  const out = new Uint8Array(size);
  let end = 0;
  while (at < bytes.length) {
    const tag = bytes[at++];
    const kind = tag & 3;
    if (kind === 0) {
      let count = (tag >>> 2) + 1;
      if (count > 60) {
        const extra = count - 60;
        count = littleEndian(bytes, at, extra) + 1;
        at += extra;
      }
      if (!(count <= bytes.length - at && count <= size - end)) {
        throw damaged("SNAPPY", `a literal at byte ${at} is too long`);
      }
      if (count > 16) out.set(bytes.subarray(at, at + count), end);
      else for (let i = 0; i < count; i++) out[end + i] = bytes[at + i];
      at += count;
      end += count;
      continue;
    }
    const extra = kind === 3 ? 4 : kind;
    const count = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const offset = littleEndian(bytes, at, extra) + (kind === 1 ? (tag >>> 5) * 256 : 0);
    at += extra;
    if (!(offset > 0 && offset <= end && count <= size - end)) {
      throw damaged("SNAPPY", `a copy at byte ${at - extra - 1} leaves the data`);
    }
    copyBack(out, end, offset, count);
    end += count;
  }
  if (end !== size) throw damaged("SNAPPY", `it gives ${end} of ${size} bytes`);
  return out;
}

/** A number of 1 to 4 bytes; NaN, which fails every comparison, beyond the end. */
function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? NaN);
  return value;
}

function copyBack(out: Uint8Array, end: number, offset: number, count: number): void {
  if (offset >= count && count > 16) {
    out.copyWithin(end, end - offset, end - offset + count);
  } else {
    for (let i = 0; i < count; i++) out[end + i] = out[end - offset + i];
  }
}
