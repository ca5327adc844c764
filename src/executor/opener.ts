import { type MaybePromise, show } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import { graphOf } from "../graph/mod.ts";
import type { BoundFunction } from "./bound_function.ts";
import type { Expansion } from "./expansion.ts";
import { DONE, type ElementIterator, type Pulled } from "./iterator.ts";
import { isPending } from "./pending.ts";
import type { Place } from "./place.ts";
import { iterate } from "./user_iterator.ts";

/** Iterators over what a user function makes of each input element. Whoever takes one closes it. */
export class Opener implements ElementIterator<ElementIterator<Element>> {
  readonly #input: ElementIterator<Element>;
  readonly #place: Place;
  readonly #fn: BoundFunction;
  readonly #expansion: Expansion | null;
  #index = 0;

  constructor(
    input: ElementIterator<Element>,
    place: Place,
    fn: BoundFunction,
    expansion: Expansion | null,
  ) {
    this.#input = input;
    this.#place = place;
    this.#fn = fn;
    this.#expansion = expansion;
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
    // Before the call: it may wait, and must not look at what comes meanwhile.
    const origin = this.#expansion && this.#expansion.originSeed();
    return openResult(this.#place, this.#fn, index, this.#fn.invoke(index, element), origin);
  };
}

/**
 * An iterator over what {@linkcode BoundFunction.invoke} gave for the element `index`: a dataset, an iterable or
 * an async iterable.
 *
 * @throws {InvalidArgumentError} with its kind, for anything else
 */
export function openResult(
  place: Place,
  fn: BoundFunction,
  index: number,
  made: unknown,
  origin: number | null = null,
): MaybePromise<ElementIterator<Element>> {
  if (isPending(made)) return made.then((value) => openResult(place, fn, index, value, origin));
  const graph = graphOf(made);
  if (graph) return place.openNested(graph, origin);
  const iterator = iterate(made, {
    failed: (_, error) => fn.failed(index, error),
    result: (_, value) => fn.result(index, value),
  });
  if (iterator) return iterator;
  throw fn.refused(index, `the function gave ${show(made)}, not a dataset or an iterable`);
}
