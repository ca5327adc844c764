import { type MaybePromise, show } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { ScanNode } from "../../graph/mod.ts";
import type { BoundFunction } from "../bound_function.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";

/** Builds `scan`. */
export function scan(node: ScanNode, place: Place): ElementIterator<Element> {
  return new Scan(place.input(), place.bind(node.fn), node.init);
}

/** Carries a state along. A call that fails leaves it as it was. */
class Scan implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #fn: BoundFunction;
  #state: Element;
  #index = 0;

  constructor(input: ElementIterator<Element>, fn: BoundFunction, init: Element) {
    this.#input = input;
    this.#fn = fn;
    this.#state = init;
  }

  next(): MaybePromise<Pulled<Element>> {
    const element = this.#input.next();
    return isPending(element) ? element.then(this.#apply) : this.#apply(element);
  }

  close(): MaybePromise<void> {
    return this.#input.close();
  }

  readonly #apply = (element: Pulled<Element>): MaybePromise<Pulled<Element>> => {
    if (element === DONE) return DONE;
    const index = this.#index++;
    const result = this.#fn.invoke(index, this.#state, element);
    return isPending(result)
      ? result.then((value) => this.#advance(index, value))
      : this.#advance(index, result);
  };

  #advance(index: number, result: unknown): Element {
    if (!Array.isArray(result) || result.length !== 2) {
      throw this.#fn.refused(index, `the function must give [state, output], got ${show(result)}`);
    }
    const output = this.#fn.result(index, result[1]);
    this.#state = result[0];
    return output;
  }
}
