/** Takes the runs of a block one after the other. No length is trusted before it is compared with what is left. */

import { DataLossError } from "../../base/mod.ts";

/** The bytes of a block, taken from the front. */
export class RunReader {
  /** The payload, which begins at a multiple of 8 of its buffer. */
  readonly bytes: Uint8Array;
  #at = 0;

  /** Begins at the front of `payload`; copies it once if its place in memory is not aligned. */
  constructor(payload: Uint8Array) {
    this.bytes = payload.byteOffset % 8 === 0 ? payload : new Uint8Array(payload);
  }

  /** How many bytes are left. */
  get left(): number {
    return this.bytes.length - this.#at;
  }

  /** The error of a block whose bytes say what cannot be. */
  fail(why: string): DataLossError {
    return new DataLossError(`Cannot decode block of ${this.bytes.length} bytes at byte ${this.#at}: ${why}`);
  }

  /** Takes a run of `size` bytes and gives its place in the payload, a multiple of 8. */
  take(size: number): number {
    const start = Math.ceil(this.#at / 8) * 8;
    if (!(size <= this.bytes.length - start)) {
      throw this.fail(`a run of ${size} bytes does not fit into the ${this.left} that are left`);
    }
    this.#at = start + size;
    return start;
  }

  /** Takes a run of bytes. */
  takeBytes(count: number): Uint8Array {
    const { buffer, byteOffset } = this.bytes;
    return new Uint8Array(buffer, byteOffset + this.take(count), count);
  }

  /** Takes a run of doubles. */
  takeFloat64s(count: number): Float64Array {
    const { buffer, byteOffset } = this.bytes;
    return new Float64Array(buffer, byteOffset + this.take(count * 8), count);
  }

  /** Takes `count + 1` offsets, which begin with 0 and never fall. */
  takeOffsets(count: number): Uint32Array {
    const { buffer, byteOffset } = this.bytes;
    const offsets = new Uint32Array(buffer, byteOffset + this.take((count + 1) * 4), count + 1);
    let previous = 0;
    for (let i = 0; i <= count; i++) {
      const offset = offsets[i];
      if (offset < previous || (i === 0 && offset !== 0)) {
        throw this.fail(`offset ${i} of ${count} is ${offset}`);
      }
      previous = offset;
    }
    return offsets;
  }
}
