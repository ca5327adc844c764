import type { MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { SkipNode } from "../../graph/mod.ts";
import type { Counter } from "../counter.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { counted, leaveOut } from "../leave_out.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import { nothing } from "./nothing.ts";

/** Builds `skip`. */
export function skip(node: SkipNode, place: Place): ElementIterator<Element> {
  if (node.count < 0) return nothing;
  const counter = place.counter();
  return new Skip(place.input(), Math.max(0, node.count - (counter?.before ?? 0)), counter);
}

class Skip implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  #left: number;
  /** Counts the elements that are left out. */
  readonly #counter: Counter | null;

  constructor(input: ElementIterator<Element>, count: number, counter: Counter | null) {
    this.#input = input;
    this.#left = count;
    this.#counter = counter;
  }

  next(): MaybePromise<Pulled<Element>> {
    for (; this.#left > 0; this.#left--) {
      const element = this.#input.next();
      if (isPending(element)) return this.#later(element);
      if (element === DONE) return DONE;
      this.#counter?.next();
    }
    return this.#input.next();
  }

  skip(count: number): MaybePromise<number> {
    return counted(leaveOut(this.#input, this.#left), () => {
      this.#left = 0;
      return leaveOut(this.#input, count);
    });
  }

  close(): MaybePromise<void> {
    return this.#input.close();
  }

  async #later(pulled: MaybePromise<Pulled<Element>>): Promise<Pulled<Element>> {
    for (;; pulled = this.#input.next()) {
      const element = isPending(pulled) ? await pulled : pulled;
      if (element === DONE || this.#left === 0) return element;
      this.#left--;
      this.#counter?.next();
    }
  }
}
