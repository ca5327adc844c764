import { isPromise, type MaybePromise, show } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import { graphOf } from "../graph/mod.ts";
import type { BoundFunction } from "./bound_function.ts";
import { DONE, type ElementIterator, type Pulled } from "./iterator.ts";
import { isPending } from "./pending.ts";
import type { Place } from "./place.ts";
import { iterate } from "./user_iterator.ts";

/** Iterators over what a user function makes of each input element. Whoever takes one closes it. */
export class Opener implements ElementIterator<ElementIterator<Element>> {
  readonly #input: ElementIterator<Element>;
  readonly #place: Place;
  readonly #fn: BoundFunction;
  #index = 0;

  constructor(input: ElementIterator<Element>, place: Place, fn: BoundFunction) {
    this.#input = input;
    this.#place = place;
    this.#fn = fn;
  }

  next(): MaybePromise<Pulled<ElementIterator<Element>>> {
    const element = this.#input.next();
    return isPending(element) ? element.then(this.#open) : this.#open(element);
  }

  close(): MaybePromise<void> {
    return this.#input.close();
  }

  readonly #open = (element: Pulled<Element>): MaybePromise<Pulled<ElementIterator<Element>>> => {
    if (element === DONE) return DONE;
    const index = this.#index++;
    let made: unknown;
    try {
      made = this.#fn.call(element, this.#fn.context);
    } catch (error) {
      throw this.#fn.failed(index, error);
    }
    return openResult(this.#place, this.#fn, index, made);
  };
}

/**
 * An iterator over what a function gave: a dataset, an iterable or an async iterable, or a promise of one.
 *
 * @throws {InvalidArgumentError} with its kind, for anything else
 */
export function openResult(
  place: Place,
  fn: BoundFunction,
  index: number,
  made: unknown,
): MaybePromise<ElementIterator<Element>> {
  if (isPromise(made)) {
    return made.then(
      (value) => open(place, fn, index, value),
      (error) => {
        throw fn.failed(index, error);
      },
    );
  }
  return open(place, fn, index, made);
}

function open(
  place: Place,
  fn: BoundFunction,
  index: number,
  made: unknown,
): MaybePromise<ElementIterator<Element>> {
  const graph = graphOf(made);
  if (graph) return place.openNested(graph);
  const iterator = iterate(made, {
    failed: (_, error) => fn.failed(index, error),
    result: (_, value) => fn.result(index, value),
  });
  if (iterator) return iterator;
  throw fn.refused(index, `the function gave ${show(made)}, not a dataset or an iterable`);
}
