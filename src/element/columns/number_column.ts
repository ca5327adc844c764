/** Numbers: a run of doubles. */

import type { ByteWriter } from "../byte_writer.ts";
import type { ElementSpec } from "../spec.ts";
import { type ColumnReader, type ColumnWriter, MISMATCH } from "./column.ts";
import type { RunReader } from "./run_reader.ts";

const SMALLEST = 128;

/** Gathers numbers. */
export class NumberColumn implements ColumnWriter {
  #values = new Float64Array(SMALLEST);
  #count = 0;

  push(value: unknown): number {
    if (typeof value !== "number") return MISMATCH;
    if (this.#count === this.#values.length) this.#grow();
    this.#values[this.#count++] = value;
    return 8;
  }

  #grow(): void {
    const values = new Float64Array(2 * this.#values.length);
    values.set(this.#values);
    this.#values = values;
  }

  truncate(count: number): void {
    this.#count = Math.min(this.#count, count);
  }

  spec(): ElementSpec {
    return { kind: "number" };
  }

  finish(out: ByteWriter): void {
    if (this.#count === 0) return;
    out.align(8);
    const taken = out.raw(new Uint8Array(this.#values.buffer, 0, this.#count * 8));
    // The next block is likely to be about as long as this one.
    if (taken) this.#values = new Float64Array(this.#count + (this.#count >> 3));
    this.#count = 0;
  }
}

/** Gives numbers. */
export class NumberReader implements ColumnReader {
  readonly count: number;
  readonly #values: Float64Array;

  /** Takes the run of `count` numbers. */
  constructor(count: number, runs: RunReader) {
    this.#values = runs.takeFloat64s(count);
    this.count = count;
  }

  get(index: number): number {
    return this.#values[index];
  }
}
