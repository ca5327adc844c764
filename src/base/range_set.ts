/** Sets of whole numbers that lie close together, kept as ranges. */

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
    if (start >= end) return;
    const bounds = this.#bounds;
    const last = bounds.length - 1;
    if (last < 0 || start > bounds[last]) return void bounds.push(start, end);
    if (start >= bounds[last - 1]) return void (bounds[last] = Math.max(bounds[last], end));
    // The first bound that is not below `start`, the first that is above `end`: an odd place lies inside a range.
    const from = this.#search(start - 1);
    const to = this.#search(end);
    const joined: number[] = [];
    if (from % 2 === 0) joined.push(start);
    if (to % 2 === 0) joined.push(end);
    bounds.splice(from, to - from, ...joined);
  }

  /** Whether `value` is in the set. */
  has(value: number): boolean {
    return this.#search(value) % 2 === 1;
  }

  /** How many bounds are <= `value`: odd inside a range. */
  #search(value: number): number {
    const bounds = this.#bounds;
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bounds[middle] <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How many numbers are in the set. */
  get size(): number {
    let size = 0;
    for (const { start, end } of this.ranges()) size += end - start;
    return size;
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
    let at = this.#search(start);
    if (at % 2 === 1) start = this.#bounds[at++];
    for (; start < end; at += 2) {
      const stop = Math.min(end, this.#bounds[at] ?? end);
      if (start < stop) yield { start, end: stop };
      start = this.#bounds[at + 1] ?? end;
    }
  }

  /** A set with the same numbers. */
  copy(): RangeSet {
    const copy = new RangeSet();
    copy.#bounds = this.#bounds.slice();
    return copy;
  }
}
