/** Typed arrays of one dtype: offsets in values where lengths differ, then all values as one run. */

import type { ByteWriter } from "../byte_writer.ts";
import { classOfDType, dtypeOfArray, sizeOfDType, type TypedArrayClass } from "../dtypes.ts";
import type { ElementSpec } from "../spec.ts";
import type { TypedArray } from "../types.ts";
import { type ColumnReader, type ColumnWriter, MISMATCH } from "./column.ts";
import { writeBacking } from "./constant_column.ts";
import { Offsets } from "./offsets.ts";
import type { RunReader } from "./run_reader.ts";
import { ValueRun } from "./value_run.ts";

type TypedArraySpec = Extract<ElementSpec, { kind: "typedArray" }>;

/** Gathers typed arrays. */
export class TypedArrayColumn implements ColumnWriter {
  readonly #dtype: TypedArraySpec["dtype"];
  readonly #Class: TypedArrayClass;
  readonly #values: ValueRun;
  #count = 0;
  /** The length of all arrays; null: they differ, and `#lengths` holds them. */
  #length: number | null;
  #lengths: number[] = [];

  /** Makes a column of the dtype and, unless it is null, the length of `spec`. */
  constructor({ dtype, length }: TypedArraySpec) {
    this.#dtype = dtype;
    this.#Class = classOfDType(dtype);
    this.#values = new ValueRun(dtype);
    this.#length = length;
  }

  push(value: unknown): number {
    if (!this.#holds(value)) return MISMATCH;
    const { length } = value;
    if (this.#length !== null && length !== this.#length) this.#allowLengths(this.#length);
    if (this.#length === null) this.#lengths.push(length);
    this.#values.push(value);
    this.#count++;
    return value.byteLength + 4;
  }

  #holds(value: unknown): value is TypedArray {
    return value instanceof this.#Class || (ArrayBuffer.isView(value) && dtypeOfArray(value) === this.#dtype);
  }

  #allowLengths(former: number): void {
    this.#lengths = new Array<number>(this.#count).fill(former);
    this.#length = null;
  }

  truncate(count: number): void {
    while (this.#count > count) {
      this.#values.pop(this.#length ?? this.#lengths.pop()!);
      this.#count--;
    }
  }

  spec(): ElementSpec {
    return { kind: "typedArray", dtype: this.#dtype, length: this.#length };
  }

  finish(out: ByteWriter): void {
    if (this.#count === 0) return;
    if (this.#length === 0) {
      writeBacking(out, this.#count);
    } else if (this.#length === null) {
      const offsets = new Offsets();
      for (const length of this.#lengths) offsets.push(length);
      offsets.finish(out);
    }
    this.#values.finish(out);
    this.#lengths = [];
    this.#count = 0;
  }
}

/** Gives typed arrays, as views. */
export class TypedArrayReader implements ColumnReader {
  readonly count: number;
  readonly #Class: TypedArrayClass;
  readonly #buffer: ArrayBufferLike;
  readonly #size: number;
  readonly #start: number;
  readonly #length: number;
  /** Where each array begins; null: each has `#length` values. */
  readonly #offsets: Uint32Array | null;

  /** Takes the runs of `count` arrays. */
  constructor({ dtype, length }: TypedArraySpec, count: number, runs: RunReader) {
    const size = sizeOfDType(dtype);
    if (length === 0) runs.take(count);
    this.#offsets = length === null ? runs.takeOffsets(count) : null;
    const values = this.#offsets === null ? length! * count : this.#offsets[count];
    this.#start = runs.bytes.byteOffset + runs.take(values * size);
    this.#Class = classOfDType(dtype);
    this.#buffer = runs.bytes.buffer;
    this.#size = size;
    this.#length = length ?? 0;
    this.count = count;
  }

  get(index: number): TypedArray {
    const offsets = this.#offsets;
    const from = offsets === null ? index * this.#length : offsets[index];
    const length = offsets === null ? this.#length : offsets[index + 1] - from;
    return new this.#Class(this.#buffer, this.#start + from * this.#size, length);
  }
}
