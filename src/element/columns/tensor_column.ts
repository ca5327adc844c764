/** Tensors of one dtype: what differs of their shapes, then all values as one run. */

import type { ByteWriter } from "../byte_writer.ts";
import { mergeSpecs } from "../merge_specs.ts";
import { isPlainRecord } from "../records.ts";
import type { ElementSpec } from "../spec.ts";
import { looksLikeTensor, problemOfTensor, sizeOfShape } from "../tensors.ts";
import type { Tensor } from "../types.ts";
import { type ColumnWriter, MISMATCH } from "./column.ts";
import { writeBacking } from "./constant_column.ts";
import { Offsets } from "./offsets.ts";
import { ValueRun } from "./value_run.ts";

type TensorSpec = Extract<ElementSpec, { kind: "tensor" }>;

/** Gathers tensors. */
export class TensorColumn implements ColumnWriter {
  #spec: TensorSpec;
  /** The number of values of each tensor, where the spec fixes it. */
  #size: number | null;
  readonly #values: ValueRun;
  /** The shapes, where they differ. */
  #shapes: (readonly number[])[] = [];
  #count = 0;

  /** Makes a column of the dtype and what is fixed of the shape of `spec`. */
  constructor(spec: TensorSpec) {
    this.#values = new ValueRun(spec.dtype);
    this.#spec = spec;
    this.#size = sizeOfSpec(spec);
  }

  push(value: unknown): number {
    if (!isTensorOf(value, this.#spec.dtype)) return MISMATCH;
    if (this.#size !== null && !this.#fits(value.shape)) this.#allow(value.shape);
    if (this.#size === null) {
      this.#spec = mergeSpecs(this.#spec, { ...this.#spec, shape: value.shape }) as TensorSpec;
      this.#shapes.push([...value.shape]);
    }
    this.#values.push(value.data);
    this.#count++;
    return value.data.byteLength + 8;
  }

  #fits(shape: readonly number[]): boolean {
    const expected = this.#spec.shape!;
    if (shape.length !== expected.length) return false;
    for (let axis = 0; axis < shape.length; axis++) {
      if (shape[axis] !== expected[axis]) return false;
    }
    return true;
  }

  /** From now on shapes may differ. */
  #allow(shape: readonly number[]): void {
    const former = this.#spec.shape as readonly number[];
    this.#shapes = new Array<readonly number[]>(this.#count).fill(former);
    this.#spec = mergeSpecs(this.#spec, { ...this.#spec, shape }) as TensorSpec;
    this.#size = null;
  }

  truncate(count: number): void {
    while (this.#count > count) {
      this.#values.pop(this.#size ?? sizeOfShape(this.#shapes.pop()!)!);
      this.#count--;
    }
  }

  spec(): ElementSpec {
    return this.#spec;
  }

  finish(out: ByteWriter): void {
    if (this.#count === 0) return;
    if (this.#size === 0) writeBacking(out, this.#count);
    if (this.#size === null) this.#finishShapes(out);
    this.#values.finish(out);
    this.#shapes = [];
    this.#count = 0;
  }

  #finishShapes(out: ByteWriter): void {
    const { shape } = this.#spec;
    if (shape === null) {
      const ranks = new Offsets();
      for (const own of this.#shapes) ranks.push(own.length);
      ranks.finish(out);
    }
    const sizes = this.#shapes.flatMap((own) =>
      shape === null ? own : own.filter((_, axis) => shape[axis] === null)
    );
    out.align(8);
    out.raw(new Uint8Array(Float64Array.from(sizes).buffer));
  }
}

/** The number of values that a spec fixes; null: it does not. */
function sizeOfSpec({ shape }: TensorSpec): number | null {
  return shape !== null && shape.every((size) => size !== null) ? sizeOfShape(shape) : null;
}

function isTensorOf(value: unknown, dtype: string): value is Tensor {
  return typeof value === "object" && value !== null && (value as { dtype?: unknown }).dtype === dtype &&
    isPlainRecord(value) && looksLikeTensor(value) && problemOfTensor(value) === null;
}
