/** Bytes in the making. */

import { joinBytes } from "../base/mod.ts";

/** From this size on, bytes are not copied but become a chunk of their own. */
export const LARGE_BYTES = 65_536;

const encoder = new TextEncoder();
const scratchFloat = new Float64Array(1);
const scratchBytes = new Uint8Array(scratchFloat.buffer);

// Below this length a loop over the characters beats the call of the platform's encoder.
const SHORT_STRING = 24;

/** Gathers bytes as chunks: small pieces in a buffer that grows, large ones as they are. */
export class ByteWriter {
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #bytes: Uint8Array<ArrayBuffer>;
  /** Where the piece of `#bytes` begins that is not yet one of the chunks. */
  #start = 0;
  #end = 0;
  /** How many bytes came before `#bytes[0]`, less those of `#bytes` that are in chunks already. */
  #before = 0;

  /** Starts with a buffer of `capacity` bytes. */
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Bytes so far. */
  get length(): number {
    return this.#before + this.#end;
  }

  #reserve(size: number): void {
    if (this.#end + size <= this.#bytes.length) return;
    const used = this.#end - this.#start;
    const grown = new Uint8Array(Math.max(2 * used, used + size, 256));
    grown.set(this.#bytes.subarray(this.#start, this.#end));
    this.#before += this.#start;
    this.#bytes = grown;
    this.#start = 0;
    this.#end = used;
  }

  /** Appends one byte. */
  byte(value: number): void {
    if (this.#end === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#end++] = value;
  }

  /** Appends a whole number from 0 to 2^53 - 1, seven bits a byte, low bits first. */
  varint(value: number): void {
    this.#reserve(8);
    while (value >= 0x80) {
      this.#bytes[this.#end++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#bytes[this.#end++] = value;
  }

  /** Appends a double; all NaNs are one, so that equal values have equal bytes. */
  float64(value: number): void {
    this.#reserve(8);
    scratchFloat[0] = Number.isNaN(value) ? NaN : value;
    this.#bytes.set(scratchBytes, this.#end);
    this.#end += 8;
  }

  /** Appends the UTF-8 of a well-formed string after its length in bytes, a varint. */
  string(value: string): void {
    const { length } = value;
    if (length <= SHORT_STRING && this.#ascii(value)) return;
    if (3 * length < 0x4000) {
      // The length takes one byte or two: the text is put behind two and moved where one will do.
      this.#reserve(3 * length + 2 + 8); // The 8 are for the varint, which must not move the buffer in between.
      const at = this.#end;
      const { written } = encoder.encodeInto(value, this.#bytes.subarray(at + 2));
      this.varint(written);
      if (this.#end === at + 1) this.#bytes.copyWithin(at + 1, at + 2, at + 2 + written);
      this.#end += written;
    } else {
      const bytes = encoder.encode(value);
      this.varint(bytes.length);
      this.raw(bytes);
    }
  }

  #ascii(value: string): boolean {
    const { length } = value;
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    let at = this.#end;
    bytes[at++] = length;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) return false;
      bytes[at++] = code;
    }
    this.#end = at;
    return true;
  }

  /** Appends zeros up to a multiple of `size` (at most 8). */
  align(size: number): void {
    const rest = this.length % size;
    if (rest === 0) return;
    this.#reserve(8);
    this.#bytes.fill(0, this.#end, this.#end + size - rest);
    this.#end += size - rest;
  }

  /** Appends bytes: a copy of few; many as a chunk of their own, which the caller must not change any more. Says whether they were taken so. */
  raw(bytes: Uint8Array<ArrayBuffer>): boolean {
    if (bytes.length >= LARGE_BYTES) {
      this.#seal();
      this.#chunks.push(bytes);
      this.#before += bytes.length;
      return true;
    }
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
    return false;
  }

  /** Forgets all bytes but the first `length`. */
  truncate(length: number): void {
    while (this.length - (this.#end - this.#start) > length) {
      this.#end = this.#start;
      const chunk = this.#chunks.pop()!;
      const kept = Math.max(0, chunk.length - (this.length - length));
      if (kept > 0) this.#chunks.push(chunk.subarray(0, kept));
      this.#before -= chunk.length - kept;
    }
    this.#end = length - this.#before;
  }

  #seal(): void {
    if (this.#end > this.#start) this.#chunks.push(this.#bytes.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  /** The chunks, in order. The writer is at its end. */
  finish(): Uint8Array<ArrayBuffer>[] {
    this.#seal();
    return this.#chunks;
  }
}

/** Chunks as one array; a single chunk as it is. */
export function concatBytes(chunks: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  return chunks.length === 1 ? chunks[0] : joinBytes(chunks);
}
