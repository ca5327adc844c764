/** Booleans: a run of bytes, 0 or 1. */

import type { ByteWriter } from "../byte_writer.ts";
import type { ElementSpec } from "../spec.ts";
import { type ColumnReader, type ColumnWriter, MISMATCH } from "./column.ts";
import type { RunReader } from "./run_reader.ts";

const SMALLEST = 256;

/** Gathers booleans. */
export class BooleanColumn implements ColumnWriter {
  #values = new Uint8Array(SMALLEST);
  #count = 0;

  push(value: unknown): number {
    if (typeof value !== "boolean") return MISMATCH;
    if (this.#count === this.#values.length) this.#grow();
    this.#values[this.#count++] = value ? 1 : 0;
    return 1;
  }

  #grow(): void {
    const values = new Uint8Array(2 * this.#values.length);
    values.set(this.#values);
    this.#values = values;
  }

  truncate(count: number): void {
    this.#count = Math.min(this.#count, count);
  }

  spec(): ElementSpec {
    return { kind: "boolean" };
  }

  finish(out: ByteWriter): void {
    if (this.#count === 0) return;
    out.align(8);
    const taken = out.raw(this.#values.subarray(0, this.#count));
    if (taken) this.#values = new Uint8Array(this.#count + (this.#count >> 3));
    this.#count = 0;
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
