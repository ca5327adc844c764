import type { MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { SkipNode } from "../../graph/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { counted, leaveOut } from "../leave_out.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import { nothing } from "./nothing.ts";

/** Builds `skip`. */
export function skip(node: SkipNode, place: Place): ElementIterator<Element> {
  return node.count < 0 ? nothing : new Skip(place.input(), node.count);
}

class Skip implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  #left: number;

  constructor(input: ElementIterator<Element>, count: number) {
    this.#input = input;
    this.#left = count;
  }

  next(): MaybePromise<Pulled<Element>> {
    for (; this.#left > 0; this.#left--) {
      const element = this.#input.next();
      if (isPending(element)) return this.#later(element);
      if (element === DONE) return DONE;
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
    }
  }
}
