/** Booleans: a run of bytes, 0 or 1. */

import type { ByteWriter } from "../byte_writer.ts";
import type { ElementSpec } from "../spec.ts";
import { type ColumnReader, type ColumnWriter, MISMATCH } from "./column.ts";
import type { RunReader } from "./run_reader.ts";

/** Gathers booleans. */
export class BooleanColumn implements ColumnWriter {
  #values: boolean[] = [];

  push(value: unknown): number {
    if (typeof value !== "boolean") return MISMATCH;
    this.#values.push(value);
    return 1;
  }

  truncate(count: number): void {
    if (count < this.#values.length) this.#values.length = count;
  }

  spec(): ElementSpec {
    return { kind: "boolean" };
  }

  finish(out: ByteWriter): void {
    if (this.#values.length === 0) return;
    out.align(8);
    out.raw(Uint8Array.from(this.#values, Number));
    this.#values = [];
  }
}

/** Gives booleans. */
export class BooleanReader implements ColumnReader {
  readonly count: number;
  readonly #values: Uint8Array;

  /** Takes the run of `count` booleans. */
  constructor(count: number, runs: RunReader) {
    this.#values = runs.takeBytes(count);
    const odd = this.#values.findIndex((value) => value > 1);
    if (odd !== -1) throw runs.fail(`boolean ${odd} is ${this.#values[odd]}`);
    this.count = count;
  }

  get(index: number): boolean {
    return this.#values[index] === 1;
  }
}
