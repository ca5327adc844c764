/** Arrays of a fixed length: a column for each place. */

import type { ByteWriter } from "../byte_writer.ts";
import type { ElementSpec } from "../spec.ts";
import type { Element } from "../types.ts";
import { type ColumnReader, type ColumnWriter, MISMATCH } from "./column.ts";

/** Gathers tuples of at least one place. */
export class TupleColumn implements ColumnWriter {
  readonly #items: readonly ColumnWriter[];

  /** Makes a column of columns. */
  constructor(items: readonly ColumnWriter[]) {
    this.#items = items;
  }

  push(value: unknown): number {
    const items = this.#items;
    if (!Array.isArray(value) || value.length !== items.length) return MISMATCH;
    let size = 0;
    for (let i = 0; i < items.length; i++) {
      const added = items[i].push(value[i]);
      if (added === MISMATCH) return MISMATCH;
      size += added;
    }
    return size;
  }

  truncate(count: number): void {
    for (const item of this.#items) item.truncate(count);
  }

  spec(): ElementSpec {
    return { kind: "tuple", items: this.#items.map((item) => item.spec()) };
  }

  finish(out: ByteWriter): void {
    for (const item of this.#items) item.finish(out);
  }
}

/** Gives tuples. */
export class TupleReader implements ColumnReader {
  readonly count: number;
  readonly #items: readonly ColumnReader[];

  /** Makes tuples of columns of `count` values each. */
  constructor(items: readonly ColumnReader[], count: number) {
    this.#items = items;
    this.count = count;
  }

  get(index: number): Element {
    const items = this.#items;
    const tuple: Element[] = [];
    for (let i = 0; i < items.length; i++) tuple.push(items[i].get(index));
    return tuple;
  }
}
