/** Records: a column for each key. */

import type { ByteWriter } from "../byte_writer.ts";
import { isPlainRecord, type MutableRecord, setField } from "../records.ts";
import type { ElementSpec } from "../spec.ts";
import { looksLikeTensor } from "../tensors.ts";
import type { Element } from "../types.ts";
import { type ColumnReader, type ColumnWriter, MISMATCH } from "./column.ts";

/** Gathers records of at least one field. */
export class RecordColumn implements ColumnWriter {
  readonly #keys: readonly string[];
  readonly #fields: readonly ColumnWriter[];
  readonly #mayBeTensor: boolean;
  #count = 0;

  /** Makes a column of records out of a column for each key. */
  constructor(keys: readonly string[], fields: readonly ColumnWriter[]) {
    this.#keys = keys;
    this.#fields = fields;
    this.#mayBeTensor = keys.includes("dtype") && keys.includes("shape") && keys.includes("data");
  }

  push(value: unknown): number {
    if (typeof value !== "object" || value === null) return MISMATCH;
    const record = value as { readonly [key: string]: unknown };
    // The constructor tells plain records from all other objects as well as the prototype does, and 20 times faster.
    if (record.constructor !== Object && !isRecordToo(value)) return MISMATCH;
    if (this.#mayBeTensor && looksLikeTensor(record)) return MISMATCH;
    const size = this.#pushInOrder(record);
    if (size !== MISMATCH) {
      this.#count++;
      return size;
    }
    this.truncate(this.#count);
    return this.#pushByKey(record);
  }

  /** The fast way: the record has the keys of the column in their order. Engines walk `for in` without a list of keys. */
  #pushInOrder(record: { readonly [key: string]: unknown }): number {
    const keys = this.#keys;
    const fields = this.#fields;
    let size = 0;
    let i = 0;
    for (const key in record) {
      if (i === keys.length || key !== keys[i]) return MISMATCH;
      const added = fields[i++].push(record[key]);
      if (added === MISMATCH) return MISMATCH;
      size += added;
    }
    return i === keys.length ? size : MISMATCH;
  }

  #pushByKey(record: { readonly [key: string]: unknown }): number {
    const keys = this.#keys;
    if (Object.keys(record).length !== keys.length) return MISMATCH;
    let size = 0;
    for (let i = 0; i < keys.length; i++) {
      const added = Object.hasOwn(record, keys[i]) ? this.#fields[i].push(record[keys[i]]) : MISMATCH;
      if (added === MISMATCH) return MISMATCH;
      size += added;
    }
    this.#count++;
    return size;
  }

  truncate(count: number): void {
    for (const field of this.#fields) field.truncate(count);
    this.#count = Math.min(this.#count, count);
  }

  spec(): ElementSpec {
    const fields: MutableRecord<ElementSpec> = {};
    this.#keys.forEach((key, i) => setField(fields, key, this.#fields[i].spec()));
    return { kind: "record", fields };
  }

  finish(out: ByteWriter): void {
    for (const field of this.#fields) field.finish(out);
    this.#count = 0;
  }
}

function isRecordToo(value: object): boolean {
  return !Array.isArray(value) && !ArrayBuffer.isView(value) && isPlainRecord(value);
}

/** Gives records. */
export class RecordReader implements ColumnReader {
  readonly count: number;
  readonly #keys: readonly string[];
  readonly #fields: readonly ColumnReader[];

  /** Makes records of a column for each key, of `count` values each. */
  constructor(keys: readonly string[], fields: readonly ColumnReader[], count: number) {
    this.#keys = keys;
    this.#fields = fields;
    this.count = count;
  }

  get(index: number): Element {
    const keys = this.#keys;
    const record: MutableRecord = {};
    for (let i = 0; i < keys.length; i++) setField(record, keys[i], this.#fields[i].get(index));
    return record;
  }
}
