/** Sets of whole numbers that lie close together, kept as ranges. */

import { addBounds, countWithin, gapsWithin, isWithin, removeBounds } from "./bounds.ts";

/** Numbers from `start` (included) to `end` (excluded). */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * A set of whole numbers >= 0, kept as sorted ranges that neither overlap nor touch. What is consumed in order is
 * one range whatever its size; a shuffle fragments the set into no more ranges than its buffer holds.
 */
export class RangeSet {
  // Bounds in turn: start, end, start, end ... One flat array: a search touches few cache lines.
  #bounds: number[];

  /** A set of `ranges`, which may come in any order and overlap. */
  constructor(ranges: Iterable<Range> = []) {
    this.#bounds = [];
    for (const { start, end } of ranges) this.add(start, end);
  }

  /** Adds the numbers from `start` to `end`, the last excluded. */
  add(start: number, end: number): void {
    addBounds(this.#bounds, start, end);
  }

  /** Takes the numbers from `start` to `end` out, the last excluded. */
  remove(start: number, end: number): void {
    removeBounds(this.#bounds, start, end);
  }

  /** Whether `value` is in the set. */
  has(value: number): boolean {
    return isWithin(this.#bounds, value);
  }

  /** How many numbers are in the set. */
  get size(): number {
    return countWithin(this.#bounds);
  }

  /** How many ranges it takes to say what is in the set. */
  get fragments(): number {
    return this.#bounds.length / 2;
  }

  /** The ranges in ascending order. */
  *ranges(): Generator<Range, void, void> {
    for (let i = 0; i < this.#bounds.length; i += 2) {
      yield { start: this.#bounds[i], end: this.#bounds[i + 1] };
    }
  }

  /** What is missing between `start` and `end`, in ascending order. */
  *gaps(start: number, end: number): Generator<Range, void, void> {
    for (const [from, to] of gapsWithin(this.#bounds, start, end)) yield { start: from, end: to };
  }

  /** A set with the same numbers. */
  copy(): RangeSet {
    const copy = new RangeSet();
    copy.#bounds = this.#bounds.slice();
    return copy;
  }
}
