import { isPromise, type MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { UserFunction } from "../../graph/mod.ts";
import type { BoundFunction } from "../bound_function.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { counted, leaveOut } from "../leave_out.ts";
import { isPending } from "../pending.ts";

/** Calls a function for one element after the other. */
export class SequentialMap implements ElementIterator<Element> {
  readonly kind = "map";
  readonly input: ElementIterator<Element>;
  readonly fn: BoundFunction;
  // Beside `fn`, because two more loads for each element show.
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
    const element = this.input.next();
    if (isPending(element)) return element.then(this.#applyLater);
    return element === DONE ? DONE : this.#apply(element);
  }

  skip(count: number): MaybePromise<number> {
    return counted(leaveOut(this.input, count), (skipped) => {
      this.#index += skipped;
      return skipped;
    });
  }

  close(): MaybePromise<void> {
    return this.input.close();
  }

  readonly #applyLater = (element: Pulled<Element>) => element === DONE ? DONE : this.#apply(element);

  #apply(element: Element): MaybePromise<Element> {
    const index = this.#index++;
    const call = this.#call;
    let value: unknown;
    try {
      value = call(element, this.#context);
    } catch (error) {
      throw this.fn.failed(index, error);
    }
    if (typeof value === "number") return value;
    if (!isPromise(value)) return this.fn.result(index, value);
    return this.fn.settle(index, value).then((settled) => this.fn.result(index, settled));
  }
}
