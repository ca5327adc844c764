import { isPromise, type MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { FlatMapNode } from "../../graph/mod.ts";
import { closeAll } from "../close_all.ts";
import { AGAIN, drive } from "../drive.ts";
import { expand, type Expansion } from "../expansion.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { Opener } from "../opener.ts";
import { leaveOut } from "../leave_out.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import { nothing } from "./nothing.ts";

/** Builds `flatMap`. */
export function flatMap(node: FlatMapNode, place: Place): ElementIterator<Element> {
  return expanded(place, (input, expansion) => new Opener(input, place, place.bind(node.fn), expansion));
}

/** The elements of the iterators that `open` makes of the elements of the operator's input, each of one. */
export function expanded(
  place: Place,
  open: (
    input: ElementIterator<Element>,
    expansion: Expansion | null,
  ) => ElementIterator<ElementIterator<Element>>,
): ElementIterator<Element> {
  const expansion = expand(place);
  if (expansion === null) return new Flatten(open(place.input(), null));
  return new Flatten(expansion.follow(open(place.input(0, { tracking: expansion.below }), expansion)));
}

/** The elements of each iterator that `outer` gives, one iterator after the other. Closes each when it has ended. */
export class Flatten implements ElementIterator<Element> {
  readonly #outer: ElementIterator<ElementIterator<Element>>;
  #inner: ElementIterator<Element> = nothing;
  #closed = false;

  constructor(outer: ElementIterator<ElementIterator<Element>>) {
    this.#outer = outer;
  }

  next(): MaybePromise<Pulled<Element>> {
    const element = this.#inner.next();
    return isPending(element) || element === DONE ? drive(this.#step(element), this.#step) : element;
  }

  async skip(count: number): Promise<number> {
    for (let left = 0;;) {
      left += await leaveOut(this.#inner, count - left);
      if (left === count) return left;
      try {
        if (await this.#pass(DONE) === DONE) return left;
      } catch {
        left++; // An element that fails counts.
        if (left === count) return left;
      }
    }
  }

  close(): MaybePromise<void> {
    this.#closed = true;
    return closeAll([this.#inner, this.#outer]);
  }

  readonly #step = (
    element: MaybePromise<Pulled<Element>> = this.#inner.next(),
  ): MaybePromise<Pulled<Element> | typeof AGAIN> =>
    isPending(element) ? element.then(this.#pass) : this.#pass(element);

  readonly #pass = (element: Pulled<Element>): MaybePromise<Pulled<Element> | typeof AGAIN> => {
    if (element !== DONE) return element;
    const ended = this.#inner;
    this.#inner = nothing;
    const closing = ended.close();
    return isPromise(closing) ? closing.then(this.#pullOuter) : this.#pullOuter();
  };

  readonly #pullOuter = (): MaybePromise<typeof DONE | typeof AGAIN> => {
    const inner = this.#outer.next();
    return isPending(inner) ? inner.then(this.#enter) : this.#enter(inner);
  };

  readonly #enter = (inner: Pulled<ElementIterator<Element>>): MaybePromise<typeof DONE | typeof AGAIN> => {
    if (inner === DONE) return DONE;
    if (this.#closed) {
      // Closed while the inner iterator was being opened: nobody else knows of it.
      const closing = inner.close();
      return isPromise(closing) ? closing.then(() => DONE) : DONE;
    }
    this.#inner = inner;
    return AGAIN;
  };
}
