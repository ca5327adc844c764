import { type MaybePromise, show } from "../../base/mod.ts";
import { type Element, padAndStack } from "../../element/mod.ts";
import type { BucketBySequenceLengthNode } from "../../graph/mod.ts";
import type { BoundFunction } from "../bound_function.ts";
import { AGAIN, drive } from "../drive.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";

/** Builds `bucketBySequenceLength`. */
export function bucketBySequenceLength(
  node: BucketBySequenceLengthNode,
  place: Place,
): ElementIterator<Element> {
  return new Buckets(node, place);
}

/** Gathers elements of like length; at the end gives the buckets that are not full, shortest lengths first. */
class Buckets implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #node: BucketBySequenceLengthNode;
  readonly #lengthOf: BoundFunction;
  #buckets: Element[][];
  #rest: Element[][] | null = null;
  #index = 0;

  constructor(node: BucketBySequenceLengthNode, place: Place) {
    this.#input = place.input();
    this.#node = node;
    this.#lengthOf = place.bind(node.length);
    this.#buckets = node.batchSizes.map(() => []);
  }

  next(): MaybePromise<Pulled<Element>> {
    return drive(this.#step(), this.#step);
  }

  close(): MaybePromise<void> {
    this.#buckets = this.#buckets.map(() => []);
    this.#rest = [];
    return this.#input.close();
  }

  readonly #step = (): MaybePromise<Pulled<Element> | typeof AGAIN> => {
    if (this.#rest) {
      const bucket = this.#rest.shift();
      return bucket ? this.#join(bucket) : DONE;
    }
    const element = this.#input.next();
    return isPending(element) ? element.then(this.#measure) : this.#measure(element);
  };

  readonly #measure = (element: Pulled<Element>): MaybePromise<Element | typeof AGAIN> => {
    if (element === DONE) {
      this.#rest ??= this.#node.dropRemainder ? [] : this.#buckets.filter((bucket) => bucket.length > 0);
      return AGAIN;
    }
    const index = this.#index++;
    const length = this.#lengthOf.invoke(index, element);
    return isPending(length)
      ? length.then((value) => this.#put(index, element, value))
      : this.#put(index, element, length);
  };

  #put(index: number, element: Element, length: unknown): Element | typeof AGAIN {
    if (typeof length !== "number" || Number.isNaN(length)) {
      throw this.#lengthOf.refused(index, `the length must be a number, got ${show(length)}`);
    }
    const { boundaries, batchSizes } = this.#node;
    const above = boundaries.findIndex((boundary) => length < boundary);
    const place = above < 0 ? boundaries.length : above;
    const bucket = this.#buckets[place];
    bucket.push(element);
    if (bucket.length < batchSizes[place]) return AGAIN;
    this.#buckets[place] = [];
    return this.#join(bucket);
  }

  #join(bucket: readonly Element[]): Element {
    return padAndStack(bucket, this.#node.paddedShapes, this.#node.paddingValues);
  }
}
