import type { Element } from "../../element/mod.ts";
import type { RangeNode } from "../../graph/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import type { Place } from "../place.ts";
import { IndexedIterator } from "./indexed.ts";

/** Builds `range`. */
export function range(node: RangeNode, place: Place): ElementIterator<Element> {
  const { start, stop, step } = node;
  const length = Math.max(0, Math.ceil((stop - start) / step));
  return place.splits ? new SplitRange(node, length, place) : new Range(start, step, length);
}

/** Counts. Of its own, because no source is cheaper and none shows the cost of a closure more. */
class Range implements ElementIterator<Element> {
  readonly #start: number;
  readonly #step: number;
  #length: number;
  #index = 0;

  constructor(start: number, step: number, length: number) {
    this.#start = start;
    this.#step = step;
    this.#length = length;
  }

  next(): Pulled<number> {
    return this.#index < this.#length ? this.#start + this.#step * this.#index++ : DONE;
  }

  skip(count: number): number {
    const skipped = Math.max(0, Math.min(count, this.#length - this.#index));
    this.#index += skipped;
    return skipped;
  }

  close(): void {
    this.#length = 0;
  }
}

/** Counts in the splits that come. */
class SplitRange extends IndexedIterator {
  readonly #start: number;
  readonly #step: number;

  constructor({ start, step }: RangeNode, length: number, place: Place) {
    super(length, place);
    this.#start = start;
    this.#step = step;
  }

  protected at(index: number): number {
    return this.#start + this.#step * index;
  }
}
