/** Reads the self-describing encoding; see `value.ts`. No length is trusted before it is compared with what is left. */

import { DataLossError } from "../base/mod.ts";
import { MAX_DEPTH } from "./check.ts";
import { classOfDType, dtypeOfCode, sizeOfDType } from "./dtypes.ts";
import { type MutableRecord, setField } from "./records.ts";
import { sizeOfShape } from "./tensors.ts";
import type { DType, Element, TypedArray } from "./types.ts";
import { TAG } from "./value_tags.ts";

/** Reads values out of bytes. */
export class ValueReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #views: boolean;
  readonly #text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #at = 0;
  #end = 0;

  /**
   * Reads from `bytes`, whose beginning all alignment counts from. With `views`, typed arrays are views of
   * `bytes` where their alignment allows it; else they are copies.
   */
  constructor(bytes: Uint8Array, { views }: { views: boolean }) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#views = views;
  }

  /** Where the value ended that was read last. */
  get position(): number {
    return this.#at;
  }

  /** The value that begins at `start` and ends at or before `end`, an offset within the bytes. */
  read(start: number, end: number): Element {
    this.#at = start;
    this.#end = end;
    return this.#value(0);
  }

  #fail(why: string): DataLossError {
    return new DataLossError(`Cannot decode value at byte ${this.#at}: ${why}`);
  }

  #byte(): number {
    if (this.#at >= this.#end) throw this.#fail("the bytes end here");
    return this.#bytes[this.#at++];
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 53; scale *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value <= Number.MAX_SAFE_INTEGER) return value;
        break;
      }
    }
    throw this.#fail("a whole number is over 2^53");
  }

  /** A number of things that take at least `size` bytes each. */
  #count(size: number): number {
    const count = this.#varint();
    if (count * size > this.#end - this.#at) {
      throw this.#fail(`${count} items do not fit into the ${this.#end - this.#at} bytes that are left`);
    }
    return count;
  }

  /** Skips `size` bytes and says where they begin. */
  #take(size: number): number {
    const at = this.#at;
    if (size > this.#end - at) throw this.#fail(`${size} bytes are missing: ${this.#end - at} are left`);
    this.#at = at + size;
    return at;
  }

  #value(depth: number): Element {
    const tag = this.#byte();
    switch (tag) {
      case TAG.null:
        return null;
      case TAG.false:
        return false;
      case TAG.true:
        return true;
      case TAG.float64:
        return this.#view.getFloat64(this.#take(8), true);
      case TAG.integer: {
        const folded = this.#varint();
        return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
      }
      case TAG.string:
        return this.#string();
      case TAG.int64:
        return this.#view.getBigInt64(this.#take(8), true);
      case TAG.bigint:
        return this.#bigint();
      case TAG.array:
        return this.#array(depth);
      case TAG.record:
        return this.#record(depth);
      case TAG.typedArray: {
        const dtype = this.#dtype();
        if (dtype === "bool") throw this.#fail("no typed array holds bool");
        return this.#values(dtype, this.#count(sizeOfDType(dtype)));
      }
      case TAG.tensor:
        return this.#tensor();
      default:
        this.#at--;
        throw this.#fail(`tag ${tag} is not known`);
    }
  }

  #string(): string {
    const length = this.#count(1);
    const at = this.#take(length);
    try {
      return this.#text.decode(this.#bytes.subarray(at, at + length));
    } catch (cause) {
      throw new DataLossError(`Cannot decode string of ${length} bytes at byte ${at}: it is not UTF-8`, {
        cause,
      });
    }
  }

  #bigint(): bigint {
    const sign = this.#byte();
    const length = this.#count(1);
    const at = this.#take(length);
    if (sign > 1 || length === 0 || this.#bytes[at + length - 1] === 0) {
      throw this.#fail("a bigint is not in its form");
    }
    let hex = "0x";
    for (let i = at + length - 1; i >= at; i--) hex += this.#bytes[i].toString(16).padStart(2, "0");
    try {
      return sign === 1 ? -BigInt(hex) : BigInt(hex);
    } catch (cause) {
      throw new DataLossError(`Cannot decode bigint of ${length} bytes at byte ${at}: it is too large`, {
        cause,
      });
    }
  }

  #nested(depth: number): number {
    if (depth >= MAX_DEPTH) throw this.#fail(`it is nested over ${MAX_DEPTH} deep`);
    return depth + 1;
  }

  #array(depth: number): Element[] {
    const inner = this.#nested(depth);
    const count = this.#count(1);
    const array: Element[] = [];
    for (let i = 0; i < count; i++) array.push(this.#value(inner));
    return array;
  }

  #record(depth: number): { [key: string]: Element } {
    const inner = this.#nested(depth);
    const count = this.#count(2);
    const record: MutableRecord = {};
    for (let i = 0; i < count; i++) {
      const key = this.#string();
      if (Object.hasOwn(record, key)) throw this.#fail("a key stands twice in a record");
      setField(record, key, this.#value(inner));
    }
    return record;
  }

  #dtype(): DType {
    const code = this.#byte();
    const dtype = dtypeOfCode(code);
    if (dtype === undefined) throw this.#fail(`dtype ${code} is not known`);
    return dtype;
  }

  #tensor(): Element {
    const dtype = this.#dtype();
    const rank = this.#count(1);
    const shape: number[] = [];
    for (let axis = 0; axis < rank; axis++) shape.push(this.#varint());
    const size = sizeOfShape(shape);
    if (size === null) throw this.#fail("a tensor is too large");
    return { dtype, shape, data: this.#values(dtype, size) };
  }

  #values(dtype: DType, count: number): TypedArray {
    const size = sizeOfDType(dtype);
    const rest = this.#at % size;
    if (rest !== 0) this.#take(size - rest);
    const at = this.#take(count * size);
    const Class = classOfDType(dtype);
    const offset = this.#bytes.byteOffset + at;
    if (this.#views && offset % size === 0) return new Class(this.#bytes.buffer, offset, count);
    return new Class(new Uint8Array(this.#bytes.subarray(at, at + count * size)).buffer, 0, count);
  }
}
