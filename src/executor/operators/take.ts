import { isPromise, type MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { TakeNode } from "../../graph/mod.ts";
import type { Counter } from "../counter.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { counted, leaveOut } from "../leave_out.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";

/** Builds `take`. */
export function take(node: TakeNode, place: Place): ElementIterator<Element> {
  if (node.count < 0) return place.input();
  const counter = place.counter();
  return new Take(place.input(), Math.max(0, node.count - (counter?.before ?? 0)), counter);
}

class Take implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  #left: number;
  readonly #counter: Counter | null;

  constructor(input: ElementIterator<Element>, count: number, counter: Counter | null) {
    this.#input = input;
    this.#left = count;
    this.#counter = counter;
  }

  next(): MaybePromise<Pulled<Element>> {
    if (this.#left === 0) return this.#end();
    const element = this.#input.next();
    if (isPending(element)) return element.then(this.#count);
    return this.#count(element);
  }

  /** An element that fails is taken for one of those that are let through. */
  skip(count: number): MaybePromise<number> {
    return counted(leaveOut(this.#input, Math.min(count, this.#left)), (skipped) => {
      this.#left -= skipped;
      return skipped;
    });
  }

  close(): MaybePromise<void> {
    return this.#input.close();
  }

  readonly #count = (element: Pulled<Element>): Pulled<Element> => {
    if (element === DONE) return DONE;
    this.#left--;
    this.#counter?.next();
    return element;
  };

  /** Frees the input as soon as it is known that nobody wants more of it: what is above may run for long. */
  #end(): MaybePromise<typeof DONE> {
    const closing = this.#input.close();
    return isPromise(closing) ? closing.then(() => DONE) : DONE;
  }
}
