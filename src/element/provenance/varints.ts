/** Whole numbers as they stand in the encodings of this folder. */

import { DataLossError } from "../../base/mod.ts";

/** Folds the sign away: 0, -1, 1, -2, 2 ... become 0, 1, 2, 3, 4 ... */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** Undoes {@linkcode zigzag}. */
export function unzigzag(folded: number): number {
  return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
}

/** Reads whole numbers of seven bits a byte, low bits first. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  /** Reads `bytes` from their beginning; `what` they are goes into messages. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** The error for bytes that make no sense up to here. */
  fail(why: string): DataLossError {
    return new DataLossError(`Cannot decode ${this.#what} at byte ${this.#at}: ${why}`);
  }

  /** The next number, from 0 to 2^53 - 1. */
  next(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 53; scale *= 0x80) {
      if (this.#at >= this.#bytes.length) throw this.fail("the bytes end here");
      const byte = this.#bytes[this.#at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return this.whole(value);
    }
    throw this.fail("a number is over 2^53");
  }

  /** A number out of several that were read. @throws {DataLossError} unless it is a whole number from 0 to 2^53 - 1 */
  whole(value: number): number {
    if (Number.isSafeInteger(value) && value >= 0) return value;
    throw this.fail(`${value} is out of range`);
  }
}
