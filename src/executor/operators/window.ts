import type { MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { WindowNode } from "../../graph/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";

/** Builds `window`. */
export function window(node: WindowNode, place: Place): ElementIterator<Element> {
  return new Window(place.input(), node);
}

class Window implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #node: WindowNode;
  /** Elements that a window needs, those between the strides included. */
  readonly #span: number;
  #buffer: Element[] = [];
  /** Elements before the next window that are in none; a shift wider than the window leaves some. */
  #toSkip = 0;
  #ended = false;

  constructor(input: ElementIterator<Element>, node: WindowNode) {
    this.#input = input;
    this.#node = node;
    this.#span = (node.size - 1) * node.stride + 1;
  }

  next(): MaybePromise<Pulled<Element>> {
    while (!this.#isFull()) {
      const element = this.#input.next();
      if (isPending(element)) return this.#later(element);
      this.#put(element);
    }
    return this.#give();
  }

  close(): MaybePromise<void> {
    this.#ended = true;
    this.#buffer = [];
    return this.#input.close();
  }

  async #later(pulled: MaybePromise<Pulled<Element>>): Promise<Pulled<Element>> {
    for (;; pulled = this.#input.next()) {
      this.#put(isPending(pulled) ? await pulled : pulled);
      if (this.#isFull()) return this.#give();
    }
  }

  #isFull(): boolean {
    return this.#ended || this.#buffer.length >= this.#span;
  }

  #put(element: Pulled<Element>): void {
    if (element === DONE) this.#ended = true;
    else if (this.#toSkip > 0) this.#toSkip--;
    else if (!this.#ended) this.#buffer.push(element);
  }

  #give(): Pulled<Element> {
    const { length } = this.#buffer;
    const { stride, shift, dropRemainder } = this.#node;
    if (length === 0 || (dropRemainder && length < this.#span)) {
      this.#buffer = [];
      return DONE;
    }
    const window = this.#buffer.filter((_, index) => index % stride === 0);
    this.#buffer = this.#buffer.slice(shift);
    this.#toSkip = Math.max(0, shift - length);
    return window;
  }
}
