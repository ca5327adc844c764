import { isPromise, type MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { UserFunction } from "../../graph/mod.ts";
import type { BoundFunction } from "../bound_function.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";

/** Lets the elements through for which a function gives a true value. */
export class SequentialFilter implements ElementIterator<Element> {
  readonly kind = "filter";
  readonly input: ElementIterator<Element>;
  readonly fn: BoundFunction;
  readonly #call: UserFunction;
  readonly #context: unknown;
  #index = 0;

  constructor(input: ElementIterator<Element>, fn: BoundFunction) {
    this.input = input;
    this.fn = fn;
    this.#call = fn.call;
    this.#context = fn.context;
  }

  next(): MaybePromise<Pulled<Element>> {
    for (;;) {
      const element = this.input.next();
      if (isPending(element)) return this.#later(element);
      if (element === DONE) return DONE;
      const keep = this.#test(element);
      if (isPending(keep)) return this.#later(element, keep);
      if (keep) return element;
    }
  }

  close(): MaybePromise<void> {
    return this.input.close();
  }

  #test(element: Element): unknown {
    const index = this.#index++;
    const call = this.#call;
    let keep: unknown;
    try {
      keep = call(element, this.#context);
    } catch (error) {
      throw this.fn.failed(index, error);
    }
    return isPromise(keep) ? this.fn.settle(index, keep) : keep;
  }

  /** Goes on once something waits: at the element if it does, else at the answer for it. */
  async #later(pulled: MaybePromise<Pulled<Element>>, answer?: Promise<unknown>): Promise<Pulled<Element>> {
    for (;; pulled = this.input.next(), answer = undefined) {
      const element = isPending(pulled) ? await pulled : pulled;
      if (element === DONE) return DONE;
      const keep = answer ?? this.#test(element);
      if (isPending(keep) ? await keep : keep) return element;
    }
  }
}
