import { type MaybePromise, show } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { FromGeneratorNode } from "../../graph/mod.ts";
import type { BoundFunction } from "../bound_function.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import { iterate } from "../user_iterator.ts";
import { Flatten } from "./flat_map.ts";
import { Splits } from "./indexed.ts";

/** Builds `fromGenerator`. Where the input is split there is one split: whoever gets it runs the whole generator. */
export function fromGenerator(node: FromGeneratorNode, place: Place): ElementIterator<Element> {
  const { splits } = place;
  return new Flatten(
    new Generations(place.bind(node.fn, "generate"), splits ? new Splits(splits, place) : new OneSplit()),
  );
}

class OneSplit {
  #taken = false;

  next(): object | null {
    if (this.#taken) return null;
    this.#taken = true;
    return {};
  }
}

/** The iterators that the generator function gives: one for each split. */
class Generations implements ElementIterator<ElementIterator<Element>> {
  readonly #fn: BoundFunction;
  readonly #splits: { next(): MaybePromise<object | null> };
  #closed = false;

  constructor(fn: BoundFunction, splits: { next(): MaybePromise<object | null> }) {
    this.#fn = fn;
    this.#splits = splits;
  }

  next(): MaybePromise<Pulled<ElementIterator<Element>>> {
    const split = this.#splits.next();
    return isPending(split) ? split.then(this.#begin) : this.#begin(split);
  }

  close(): void {
    this.#closed = true;
  }

  readonly #begin = (split: object | null): MaybePromise<Pulled<ElementIterator<Element>>> => {
    if (split === null || this.#closed) return DONE;
    const made = this.#fn.invoke(0);
    return isPending(made) ? made.then(this.#iterate) : this.#iterate(made);
  };

  readonly #iterate = (made: unknown): ElementIterator<Element> => {
    const iterator = iterate(made, this.#fn);
    if (iterator) return iterator;
    throw this.#fn.refused(0, `the function gave ${show(made)}, not an iterable`);
  };
}
