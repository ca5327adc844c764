import { type MaybePromise, show } from "../../base/mod.ts";
import { type Element, padAndStack } from "../../element/mod.ts";
import type { BucketBySequenceLengthNode } from "../../graph/mod.ts";
import type { BoundFunction } from "../bound_function.ts";
import { AGAIN, drive } from "../drive.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import { type Held, hold, type Holding } from "../tracking.ts";

/** Builds `bucketBySequenceLength`. */
export function bucketBySequenceLength(
  node: BucketBySequenceLengthNode,
  place: Place,
): ElementIterator<Element> {
  return new Buckets(node, place);
}

interface Bucket {
  readonly elements: Element[];
  /** What each of them consumed, where somebody asks. */
  readonly entries: Held[];
}

function empty(): Bucket {
  return { elements: [], entries: [] };
}

/** Gathers elements of like length; at the end gives the buckets that are not full, shortest lengths first. */
class Buckets implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #node: BucketBySequenceLengthNode;
  readonly #lengthOf: BoundFunction;
  readonly #holding: Holding | null;
  #buckets: Bucket[];
  #rest: Bucket[] | null = null;
  #index = 0;

  constructor(node: BucketBySequenceLengthNode, place: Place) {
    this.#holding = hold(place.tracking);
    this.#input = place.input(0, { tracking: this.#holding && this.#holding.below });
    this.#node = node;
    this.#lengthOf = place.bind(node.length);
    this.#buckets = node.batchSizes.map(empty);
  }

  next(): MaybePromise<Pulled<Element>> {
    return drive(this.#step(), this.#step);
  }

  close(): MaybePromise<void> {
    this.#buckets = this.#buckets.map(empty);
    this.#rest = [];
    return this.#input.close();
  }

  readonly #step = (): MaybePromise<Pulled<Element> | typeof AGAIN> => {
    if (this.#rest) {
      const bucket = this.#rest.shift();
      if (bucket) return this.#join(bucket);
      this.#holding?.pass();
      return DONE;
    }
    const element = this.#input.next();
    return isPending(element) ? element.then(this.#measure) : this.#measure(element);
  };

  readonly #measure = (element: Pulled<Element>): MaybePromise<Element | typeof AGAIN> => {
    if (element === DONE) {
      if (!this.#rest) this.#end();
      return AGAIN;
    }
    const index = this.#index++;
    const length = this.#lengthOf.invoke(index, element);
    return isPending(length)
      ? length.then((value) => this.#put(index, element, value))
      : this.#put(index, element, length);
  };

  #end(): void {
    const begun = this.#buckets.filter(({ elements }) => elements.length > 0);
    if (this.#node.dropRemainder) { for (const bucket of begun) this.#give(bucket); }
    this.#rest = this.#node.dropRemainder ? [] : begun;
  }

  #put(index: number, element: Element, length: unknown): Element | typeof AGAIN {
    if (typeof length !== "number" || Number.isNaN(length)) {
      throw this.#lengthOf.refused(index, `the length must be a number, got ${show(length)}`);
    }
    const { boundaries, batchSizes } = this.#node;
    const above = boundaries.findIndex((boundary) => length < boundary);
    const place = above < 0 ? boundaries.length : above;
    const bucket = this.#buckets[place];
    bucket.elements.push(element);
    if (this.#holding !== null) bucket.entries.push(this.#holding.take());
    if (bucket.elements.length < batchSizes[place]) return AGAIN;
    this.#buckets[place] = empty();
    return this.#join(bucket);
  }

  #join(bucket: Bucket): Element {
    this.#give(bucket);
    return padAndStack(bucket.elements, this.#node.paddedShapes, this.#node.paddingValues);
  }

  /** Notes that a bucket's elements are given out, or dropped. */
  #give({ entries }: Bucket): void {
    for (const entry of entries) this.#holding?.give(entry);
  }
}
