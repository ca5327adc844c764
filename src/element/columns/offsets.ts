/** Offsets in the making: where each value of a column ends in the run that follows. */

import { ResourceExhaustedError } from "../../base/mod.ts";
import type { ByteWriter } from "../byte_writer.ts";

const MAX_OFFSET = 2 ** 32 - 1;

/** Gathers offsets, 0 first. */
export class Offsets {
  #ends: number[] = [];
  #end = 0;

  /** How many lengths were added. */
  get count(): number {
    return this.#ends.length;
  }

  /** Where the last value ends. */
  get end(): number {
    return this.#end;
  }

  /** Adds the length of the next value. */
  push(length: number): void {
    const end = this.#end + length;
    if (end > MAX_OFFSET) {
      throw new ResourceExhaustedError(
        `Cannot add to a block: its values would take ${end} places, of ${MAX_OFFSET}`,
      );
    }
    this.#end = end;
    this.#ends.push(end);
  }

  /** Forgets all but the first `count`. */
  truncate(count: number): void {
    if (count >= this.#ends.length) return;
    this.#ends.length = count;
    this.#end = count === 0 ? 0 : this.#ends[count - 1];
  }

  /** Appends the offsets and forgets them. */
  finish(out: ByteWriter): void {
    const offsets = new Uint32Array(this.#ends.length + 1);
    offsets.set(this.#ends, 1);
    out.align(8);
    out.raw(new Uint8Array(offsets.buffer));
    this.truncate(0);
  }
}
