/** Sets of whole numbers that lie close together, kept as ranges. */

import { addBounds, boundsUpTo, countWithin, gapsWithin, isWithin, removeBounds } from "./bounds.ts";

/** Numbers from `start` (included) to `end` (excluded). */
export interface Range {
  readonly start: number;
  readonly end: number;
}

// A change moves half a page on average, and the list of pages only where one becomes full: with a shuffle of 100,000
// elements one flat list moved a megabyte for each of them.
const PAGE_BOUNDS = 512;

/**
 * A set of whole numbers >= 0, kept as sorted ranges that neither overlap nor touch. What is consumed in order is
 * one range whatever its size; a shuffle fragments the set into no more ranges than its buffer holds.
 */
export class RangeSet {
  /** Bounds in turn, start, end, start, end ..., in pages none of which is empty; no range lies in two of them. */
  #pages: number[][] = [];
  readonly #pageBounds: number;

  /** A set of `ranges`, which may come in any order and overlap. `pageBounds`: an even number, 4 or more. */
  constructor(ranges: Iterable<Range> = [], { pageBounds = PAGE_BOUNDS }: { pageBounds?: number } = {}) {
    this.#pageBounds = pageBounds;
    for (const { start, end } of ranges) this.add(start, end);
  }

  /** Adds the numbers from `start` to `end`, the last excluded. */
  add(start: number, end: number): void {
    if (start >= end) return;
    const pages = this.#pages;
    // The pages with ranges that `start` to `end` overlaps or touches; without any, the one before or behind it.
    const first = Math.min(this.#pageUpTo(start), pages.length - 1);
    if (first < 0) return void pages.push([start, end]);
    let last = first;
    while (last + 1 < pages.length && pages[last + 1][0] <= end) last++;
    if (last > first) this.#join(first, last, start, end);
    else addBounds(pages[first], start, end);
    if (pages[first].length > this.#pageBounds) this.#split(first);
  }

  /** Takes the numbers from `start` to `end` out, the last excluded. */
  remove(start: number, end: number): void {
    if (start >= end) return;
    const pages = this.#pages;
    for (let at = this.#pageUpTo(start); at < pages.length && pages[at][0] < end;) {
      removeBounds(pages[at], start, end);
      if (pages[at].length === 0) pages.splice(at, 1);
      else if (pages[at].length > this.#pageBounds) at += this.#split(at);
      else at++;
    }
  }

  /** Whether `value` is in the set. */
  has(value: number): boolean {
    const page = this.#pages[this.#pageUpTo(value)];
    return page !== undefined && isWithin(page, value);
  }

  /** How many numbers are in the set. */
  get size(): number {
    return this.#pages.reduce((size, page) => size + countWithin(page), 0);
  }

  /** How many ranges it takes to say what is in the set. */
  get fragments(): number {
    return this.#pages.reduce((bounds, page) => bounds + page.length, 0) / 2;
  }

  /** The ranges in ascending order. */
  *ranges(): Generator<Range, void, void> {
    for (const page of this.#pages) {
      for (let i = 0; i < page.length; i += 2) yield { start: page[i], end: page[i + 1] };
    }
  }

  /** What is missing between `start` and `end`, in ascending order. */
  *gaps(start: number, end: number): Generator<Range, void, void> {
    const pages = this.#pages;
    for (let at = this.#pageUpTo(start); start < end; at++) {
      const page = pages[at];
      // Up to the first range behind the page it is the page's matter, or nobody's.
      const stop = Math.min(end, page?.at(-1) ?? end);
      for (const [from, to] of gapsWithin(page ?? [], start, stop)) yield { start: from, end: to };
      start = Math.max(start, stop);
    }
  }

  /** A set with the same numbers. */
  copy(): RangeSet {
    const copy = new RangeSet([], { pageBounds: this.#pageBounds });
    copy.#pages = this.#pages.map((page) => page.slice());
    return copy;
  }

  /** The first page that does not end before `value`; as many as there are where all do. */
  #pageUpTo(value: number): number {
    const pages = this.#pages;
    // What is consumed nearly in order comes in the last page.
    const lastPage = pages.length - 1;
    if (lastPage >= 0 && pages[lastPage][0] <= value) {
      return pages[lastPage][pages[lastPage].length - 1] >= value ? lastPage : lastPage + 1;
    }
    let low = 0;
    let high = pages.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (pages[middle][pages[middle].length - 1] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Makes one page of those that `start` to `end` connects: what lies in between is swallowed. */
  #join(first: number, last: number, start: number, end: number): void {
    const [head, tail] = [this.#pages[first], this.#pages[last]];
    // At an odd place `start` or `end` lies inside a range, or touches it.
    const from = boundsUpTo(head, start - 1);
    const to = boundsUpTo(tail, end);
    const joined = [
      ...head.slice(0, from),
      ...from % 2 === 0 ? [start] : [],
      ...to % 2 === 0 ? [end] : [],
      ...tail.slice(to),
    ];
    this.#pages.splice(first, last - first + 1, joined);
  }

  /** Makes pages of one that is too large; gives how many. */
  #split(at: number): number {
    const page = this.#pages[at];
    const parts: number[][] = [];
    const size = Math.max(2, this.#pageBounds >>> 1) & ~1;
    for (let i = 0; i < page.length; i += size) parts.push(page.slice(i, i + size));
    this.#pages.splice(at, 1, ...parts);
    return parts.length;
  }
}
