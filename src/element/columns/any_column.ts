/** Values that share no spec: offsets, then the self-describing encoding of each, aligned from the beginning of the run. */

import { ByteWriter } from "../byte_writer.ts";
import { isElement } from "../check.ts";
import type { ElementSpec } from "../spec.ts";
import type { Element } from "../types.ts";
import { ValueReader } from "../value_reader.ts";
import { writeValue } from "../value_writer.ts";
import { type ColumnReader, type ColumnWriter, MISMATCH } from "./column.ts";
import { Offsets } from "./offsets.ts";
import type { RunReader } from "./run_reader.ts";

/** Gathers values of any kind. */
export class AnyColumn implements ColumnWriter {
  #values = new ByteWriter();
  readonly #offsets = new Offsets();

  push(value: unknown): number {
    if (!isElement(value)) return MISMATCH;
    writeValue(this.#values, value);
    const size = this.#values.length - this.#offsets.end;
    this.#offsets.push(size);
    return size + 4;
  }

  truncate(count: number): void {
    this.#offsets.truncate(count);
    this.#values.truncate(this.#offsets.end);
  }

  spec(): ElementSpec {
    return { kind: "any" };
  }

  finish(out: ByteWriter): void {
    if (this.#offsets.count === 0) return;
    this.#offsets.finish(out);
    out.align(8);
    for (const chunk of this.#values.finish()) out.raw(chunk);
    this.#values = new ByteWriter();
  }
}

/** Gives values of any kind. */
export class AnyReader implements ColumnReader {
  readonly count: number;
  readonly #offsets: Uint32Array;
  readonly #values: ValueReader;
  readonly #runs: RunReader;

  /** Takes the runs of `count` values. */
  constructor(count: number, runs: RunReader) {
    this.#offsets = runs.takeOffsets(count);
    this.#values = new ValueReader(runs.takeBytes(this.#offsets[count]), { views: true });
    this.#runs = runs;
    this.count = count;
  }

  get(index: number): Element {
    const end = this.#offsets[index + 1];
    const value = this.#values.read(this.#offsets[index], end);
    if (this.#values.position !== end) {
      throw this.#runs.fail(`value ${index} ends before byte ${end} of its run`);
    }
    return value;
  }
}
