import type { MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { ConcatenateNode } from "../../graph/mod.ts";
import { closeAll } from "../close_all.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import type { Place } from "../place.ts";
import { Flatten } from "./flat_map.ts";

/**
 * Builds `concatenate`. All inputs are built at once, also those that may never be pulled: sources count their
 * repetitions by their builds, and those counts must agree between the workers of a split pipeline.
 */
export function concatenate(_node: ConcatenateNode, place: Place): ElementIterator<Element> {
  return new Flatten(new Sequence(place.inputs()));
}

/** Gives iterators that are there already; closes those that it has not given. */
class Sequence implements ElementIterator<ElementIterator<Element>> {
  readonly #iterators: ElementIterator<Element>[];

  constructor(iterators: ElementIterator<Element>[]) {
    this.#iterators = iterators;
  }

  next(): Pulled<ElementIterator<Element>> {
    return this.#iterators.shift() ?? DONE;
  }

  close(): MaybePromise<void> {
    return closeAll(this.#iterators.splice(0));
  }
}
