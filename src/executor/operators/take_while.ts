import { isPromise, type MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { TakeWhileNode } from "../../graph/mod.ts";
import type { BoundFunction } from "../bound_function.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";

/** Builds `takeWhile`. */
export function takeWhile(node: TakeWhileNode, place: Place): ElementIterator<Element> {
  return new TakeWhile(place.input(), place.bind(node.fn));
}

class TakeWhile implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #fn: BoundFunction;
  #index = 0;
  #over = false;

  constructor(input: ElementIterator<Element>, fn: BoundFunction) {
    this.#input = input;
    this.#fn = fn;
  }

  next(): MaybePromise<Pulled<Element>> {
    if (this.#over) return DONE;
    const element = this.#input.next();
    return isPending(element) ? element.then(this.#test) : this.#test(element);
  }

  close(): MaybePromise<void> {
    return this.#input.close();
  }

  readonly #test = (element: Pulled<Element>): MaybePromise<Pulled<Element>> => {
    if (element === DONE) return DONE;
    const index = this.#index++;
    const holds = this.#fn.invoke(index, element);
    return isPending(holds)
      ? holds.then((value) => this.#decide(element, value))
      : this.#decide(element, holds);
  };

  #decide(element: Element, holds: unknown): MaybePromise<Pulled<Element>> {
    if (holds) return element;
    this.#over = true;
    const closing = this.#input.close();
    return isPromise(closing) ? closing.then(() => DONE) : DONE;
  }
}
