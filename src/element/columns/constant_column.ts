/**
 * Values that are all the same: null, the empty tuple, the empty record. A run of zero bytes, one for each, so that
 * no count can be larger than the bytes that were received.
 */

import { isTypedArray } from "../dtypes.ts";
import { isPlainRecord } from "../records.ts";
import type { ByteWriter } from "../byte_writer.ts";
import type { ElementSpec } from "../spec.ts";
import type { Element } from "../types.ts";
import { type ColumnReader, type ColumnWriter, MISMATCH } from "./column.ts";
import type { RunReader } from "./run_reader.ts";

/** What a constant column holds. */
export type Constant = "null" | "tuple" | "record";

/** Appends the bytes that stand for `count` values without any content. */
export function writeBacking(out: ByteWriter, count: number): void {
  out.align(8);
  out.raw(new Uint8Array(count));
}

/** Counts values. */
export class ConstantColumn implements ColumnWriter {
  readonly #kind: Constant;
  #count = 0;

  /** Makes a column of one kind of constant. */
  constructor(kind: Constant) {
    this.#kind = kind;
  }

  push(value: unknown): number {
    if (!this.#holds(value)) return MISMATCH;
    this.#count++;
    return 1;
  }

  #holds(value: unknown): boolean {
    if (this.#kind === "null") return value === null;
    if (typeof value !== "object" || value === null) return false;
    if (this.#kind === "tuple") return Array.isArray(value) && value.length === 0;
    return !Array.isArray(value) && !isTypedArray(value) && isPlainRecord(value) &&
      Object.keys(value).length === 0;
  }

  truncate(count: number): void {
    this.#count = Math.min(this.#count, count);
  }

  spec(): ElementSpec {
    switch (this.#kind) {
      case "null":
        return { kind: "null" };
      case "tuple":
        return { kind: "tuple", items: [] };
      case "record":
        return { kind: "record", fields: {} };
    }
  }

  finish(out: ByteWriter): void {
    if (this.#count > 0) writeBacking(out, this.#count);
    this.#count = 0;
  }
}

/** Gives the constant. */
export class ConstantReader implements ColumnReader {
  readonly count: number;
  readonly #kind: Constant;

  /** Takes the run of `count` zeros. */
  constructor(kind: Constant, count: number, runs: RunReader) {
    runs.take(count);
    this.#kind = kind;
    this.count = count;
  }

  get(): Element {
    return this.#kind === "null" ? null : this.#kind === "tuple" ? [] : {};
  }
}
