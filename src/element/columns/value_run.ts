/** Values of typed arrays in the making: small arrays copied into one that grows, large ones kept as they are. */

import { type ByteWriter, LARGE_BYTES } from "../byte_writer.ts";
import { bytesOfArray, classOfDType, sizeOfDType, type TypedArrayClass } from "../dtypes.ts";
import type { DType, TypedArray } from "../types.ts";

const SMALLEST_BYTES = 1_024;

interface LargeArray {
  /** How many values of small arrays come before it. */
  readonly at: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Gathers the values of typed arrays of one dtype. */
export class ValueRun {
  readonly #Class: TypedArrayClass;
  readonly #size: number;
  #small: TypedArray;
  #used = 0;
  #large: LargeArray[] = [];

  /** Makes an empty run. */
  constructor(dtype: DType) {
    this.#Class = classOfDType(dtype);
    this.#size = sizeOfDType(dtype);
    this.#small = new this.#Class(SMALLEST_BYTES / this.#size);
  }

  /** Adds an array of the dtype's class. */
  push(array: TypedArray): void {
    if (array.byteLength >= LARGE_BYTES) {
      this.#large.push({ at: this.#used, bytes: bytesOfArray(array) });
      return;
    }
    const used = this.#used + array.length;
    if (used > this.#small.length) this.#resize(Math.max(used, 2 * this.#small.length));
    (this.#small as Float64Array).set(array as Float64Array, this.#used);
    this.#used = used;
  }

  /** Forgets the array that was added last; `length` is its number of values. */
  pop(length: number): void {
    if (length * this.#size >= LARGE_BYTES) this.#large.pop();
    else this.#used -= length;
  }

  #resize(capacity: number): void {
    const small = new this.#Class(capacity);
    (small as Float64Array).set(this.#small.subarray(0, this.#used) as Float64Array);
    this.#small = small;
  }

  /** Appends the values and forgets them. */
  finish(out: ByteWriter): void {
    out.align(8);
    let taken = false;
    let from = 0;
    const flush = (to: number) => {
      if (to > from) taken = out.raw(bytesOfArray(this.#small.subarray(from, to))) || taken;
      from = to;
    };
    for (const { at, bytes } of this.#large) {
      flush(at);
      out.raw(bytes);
    }
    flush(this.#used);
    // The writer owns what it has taken; the next block is likely to be about as long as this one.
    if (taken) this.#small = new this.#Class(this.#used);
    this.#used = 0;
    this.#large = [];
  }
}
