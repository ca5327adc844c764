/** Arrays whose lengths differ: offsets in items, then one column of all items. */

import type { ByteWriter } from "../byte_writer.ts";
import type { ElementSpec } from "../spec.ts";
import type { Element } from "../types.ts";
import { type ColumnReader, type ColumnWriter, MISMATCH } from "./column.ts";
import { Offsets } from "./offsets.ts";

/** Gathers lists. */
export class ListColumn implements ColumnWriter {
  readonly #item: ColumnWriter;
  readonly #offsets = new Offsets();

  /** Makes a column of lists out of the column of their items. */
  constructor(item: ColumnWriter) {
    this.#item = item;
  }

  push(value: unknown): number {
    if (!Array.isArray(value)) return MISMATCH;
    let size = 4;
    for (let i = 0; i < value.length; i++) {
      const added = this.#item.push(value[i]);
      if (added === MISMATCH) return MISMATCH;
      size += added;
    }
    this.#offsets.push(value.length);
    return size;
  }

  truncate(count: number): void {
    this.#offsets.truncate(count);
    this.#item.truncate(this.#offsets.end);
  }

  spec(): ElementSpec {
    return { kind: "list", item: this.#item.spec() };
  }

  finish(out: ByteWriter): void {
    if (this.#offsets.count === 0) return;
    this.#offsets.finish(out);
    this.#item.finish(out);
  }
}

/** Gives lists. */
export class ListReader implements ColumnReader {
  readonly count: number;
  readonly #offsets: Uint32Array;
  readonly #items: ColumnReader;

  /** Makes lists of a column of all their items. */
  constructor(offsets: Uint32Array, items: ColumnReader) {
    this.#offsets = offsets;
    this.#items = items;
    this.count = offsets.length - 1;
  }

  get(index: number): Element {
    const items = this.#items;
    const list: Element[] = [];
    for (let i = this.#offsets[index], end = this.#offsets[index + 1]; i < end; i++) list.push(items.get(i));
    return list;
  }
}
