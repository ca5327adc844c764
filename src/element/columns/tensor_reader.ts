/** Gives the tensors of a column; the writer is in `tensor_column.ts`. */

import { classOfDType, sizeOfDType, type TypedArrayClass } from "../dtypes.ts";
import type { ElementSpec } from "../spec.ts";
import { sizeOfShape } from "../tensors.ts";
import type { DType, Tensor } from "../types.ts";
import type { ColumnReader } from "./column.ts";
import type { RunReader } from "./run_reader.ts";

type TensorSpec = Extract<ElementSpec, { kind: "tensor" }>;

/** Gives tensors whose shape the spec fixes, as views. */
class FixedTensorReader implements ColumnReader {
  readonly count: number;
  readonly #dtype: DType;
  readonly #Class: TypedArrayClass;
  readonly #shape: readonly number[];
  readonly #length: number;
  readonly #buffer: ArrayBufferLike;
  readonly #start: number;
  readonly #step: number;

  constructor(dtype: DType, shape: readonly number[], count: number, runs: RunReader) {
    const length = sizeOfShape(shape);
    if (length === null) throw runs.fail(`tensors of shape [${shape.join(", ")}] are too large`);
    if (length === 0) runs.take(count);
    this.#step = length * sizeOfDType(dtype);
    this.#start = runs.bytes.byteOffset + runs.take(this.#step * count);
    this.#buffer = runs.bytes.buffer;
    this.#dtype = dtype;
    this.#Class = classOfDType(dtype);
    this.#shape = Object.freeze([...shape]);
    this.#length = length;
    this.count = count;
  }

  get(index: number): Tensor {
    const data = new this.#Class(this.#buffer, this.#start + index * this.#step, this.#length);
    return { dtype: this.#dtype, shape: this.#shape, data };
  }
}

/** Gives tensors whose shapes differ, as views. */
class VaryingTensorReader implements ColumnReader {
  readonly count: number;
  readonly #dtype: DType;
  readonly #Class: TypedArrayClass;
  readonly #shape: readonly (number | null)[] | null;
  /** Where the sizes of each tensor begin in `#sizes`; null: each has as many as the spec has nulls. */
  readonly #ranks: Uint32Array | null;
  readonly #varying: number;
  readonly #sizes: Float64Array;
  /** Where each tensor begins, in values. */
  readonly #offsets: Float64Array;
  readonly #buffer: ArrayBufferLike;
  readonly #start: number;
  readonly #size: number;

  constructor({ dtype, shape }: TensorSpec, count: number, runs: RunReader) {
    this.#dtype = dtype;
    this.#shape = shape;
    this.#ranks = shape === null ? runs.takeOffsets(count) : null;
    this.#varying = shape === null ? 0 : shape.filter((size) => size === null).length;
    this.#sizes = runs.takeFloat64s(this.#ranks === null ? this.#varying * count : this.#ranks[count]);
    this.count = count;
    this.#size = sizeOfDType(dtype);
    this.#offsets = this.#findOffsets(runs);
    this.#start = runs.bytes.byteOffset + runs.take(this.#offsets[count] * this.#size);
    this.#buffer = runs.bytes.buffer;
    this.#Class = classOfDType(dtype);
  }

  #findOffsets(runs: RunReader): Float64Array {
    if (!this.#sizes.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw runs.fail("a size of a tensor is no whole number");
    }
    const offsets = new Float64Array(this.count + 1);
    for (let i = 0; i < this.count; i++) {
      const length = sizeOfShape(this.#shapeAt(i));
      if (length === null || length * this.#size > runs.left) {
        throw runs.fail(`tensor ${i} is larger than what is left`);
      }
      offsets[i + 1] = offsets[i] + length;
    }
    return offsets;
  }

  #shapeAt(index: number): number[] {
    if (this.#ranks !== null) {
      return Array.from(this.#sizes.subarray(this.#ranks[index], this.#ranks[index + 1]));
    }
    let at = index * this.#varying;
    return this.#shape!.map((size) => size ?? this.#sizes[at++]);
  }

  get(index: number): Tensor {
    const from = this.#offsets[index];
    const length = this.#offsets[index + 1] - from;
    const data = new this.#Class(this.#buffer, this.#start + from * this.#size, length);
    return { dtype: this.#dtype, shape: this.#shapeAt(index), data };
  }
}

/** Takes the runs of `count` tensors. */
export function readTensors(spec: TensorSpec, count: number, runs: RunReader): ColumnReader {
  const { dtype, shape } = spec;
  return shape !== null && isFixed(shape)
    ? new FixedTensorReader(dtype, shape, count, runs)
    : new VaryingTensorReader(spec, count, runs);
}

function isFixed(shape: readonly (number | null)[]): shape is readonly number[] {
  return !shape.includes(null);
}
