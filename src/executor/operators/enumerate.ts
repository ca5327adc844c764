import type { MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { EnumerateNode } from "../../graph/mod.ts";
import type { Counter } from "../counter.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { counted, leaveOut } from "../leave_out.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";

/** Builds `enumerate`. */
export function enumerate(node: EnumerateNode, place: Place): ElementIterator<Element> {
  return new Enumerate(place.input(), node.start, place.counter());
}

class Enumerate implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #start: number;
  readonly #counter: Counter | null;
  #index = 0;

  constructor(input: ElementIterator<Element>, start: number, counter: Counter | null) {
    this.#input = input;
    this.#start = start;
    this.#counter = counter;
  }

  next(): MaybePromise<Pulled<Element>> {
    const element = this.#input.next();
    return isPending(element) ? element.then(this.#pair) : this.#pair(element);
  }

  skip(count: number): MaybePromise<number> {
    return counted(leaveOut(this.#input, count), (skipped) => {
      this.#index += skipped;
      return skipped;
    });
  }

  close(): MaybePromise<void> {
    return this.#input.close();
  }

  readonly #pair = (element: Pulled<Element>): Pulled<Element> =>
    element === DONE ? DONE : [this.#start + (this.#counter?.next() ?? this.#index++), element];
}
