/** Bigints: a byte that is 0 before a run of int64, or 1 before self-describing values, if one has more than 64 bits. */

import type { ByteWriter } from "../byte_writer.ts";
import type { ElementSpec } from "../spec.ts";
import type { Element } from "../types.ts";
import { AnyColumn, AnyReader } from "./any_column.ts";
import { type ColumnReader, type ColumnWriter, MISMATCH } from "./column.ts";
import type { RunReader } from "./run_reader.ts";

/** Gathers bigints. */
export class BigintColumn implements ColumnWriter {
  #values: bigint[] = [];

  push(value: unknown): number {
    if (typeof value !== "bigint") return MISMATCH;
    this.#values.push(value);
    return 8;
  }

  truncate(count: number): void {
    if (count < this.#values.length) this.#values.length = count;
  }

  spec(): ElementSpec {
    return { kind: "bigint" };
  }

  finish(out: ByteWriter): void {
    const values = this.#values;
    if (values.length === 0) return;
    this.#values = [];
    const fit = values.every((value) => BigInt.asIntN(64, value) === value);
    out.align(8);
    out.byte(fit ? 0 : 1);
    out.align(8);
    if (fit) {
      out.raw(new Uint8Array(BigInt64Array.from(values).buffer));
    } else {
      const wide = new AnyColumn();
      for (const value of values) wide.push(value);
      wide.finish(out);
    }
  }
}

/** Gives bigints that fit int64. */
class Int64Reader implements ColumnReader {
  readonly count: number;
  readonly #values: BigInt64Array;

  constructor(count: number, runs: RunReader) {
    const { buffer, byteOffset } = runs.bytes;
    this.#values = new BigInt64Array(buffer, byteOffset + runs.take(count * 8), count);
    this.count = count;
  }

  get(index: number): bigint {
    return this.#values[index];
  }
}

/** Gives bigints of any size. */
class WideReader implements ColumnReader {
  readonly count: number;
  readonly #values: AnyReader;
  readonly #runs: RunReader;

  constructor(count: number, runs: RunReader) {
    this.#values = new AnyReader(count, runs);
    this.#runs = runs;
    this.count = count;
  }

  get(index: number): Element {
    const value = this.#values.get(index);
    if (typeof value !== "bigint") throw this.#runs.fail(`bigint ${index} is a ${typeof value}`);
    return value;
  }
}

/** Takes the runs of `count` bigints. */
export function readBigints(count: number, runs: RunReader): ColumnReader {
  const [mode] = runs.takeBytes(1);
  if (mode > 1) throw runs.fail(`bigints are in form ${mode}`);
  return mode === 0 ? new Int64Reader(count, runs) : new WideReader(count, runs);
}
