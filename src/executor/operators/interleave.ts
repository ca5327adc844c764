import { isPromise, type MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { InterleaveNode } from "../../graph/mod.ts";
import { closeAll } from "../close_all.ts";
import { AGAIN, drive } from "../drive.ts";
import { expand } from "../expansion.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { Opener } from "../opener.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import { ParallelInterleave } from "./parallel_interleave.ts";

/** Builds `interleave`. */
export function interleave(node: InterleaveNode, place: Place): ElementIterator<Element> {
  const expansion = expand(place, { areApart: node.parallel > 1 });
  const input = expansion ? place.input(0, { tracking: expansion.below }) : place.input();
  const plain = new Opener(input, place, place.bind(node.fn), expansion);
  const opener = expansion ? expansion.follow(plain) : plain;
  if (node.parallel <= 1) return new Interleave(opener, node);
  const deterministic = place.keepsOrder(node.deterministic);
  const ledgers = expansion && { loose: expansion.loose, above: place.tracking!.ledger };
  return new ParallelInterleave(opener, { ...node, deterministic, ledgers });
}

/**
 * Takes blocks of elements from the slots of a cycle in turn. An iterator that ends leaves its slot empty and the
 * turn goes to the next slot; an empty slot is filled when its turn comes. That is tf.data's order.
 */
class Interleave implements ElementIterator<Element> {
  readonly #opener: ElementIterator<ElementIterator<Element>>;
  readonly #slots: (ElementIterator<Element> | null)[] = [];
  readonly #cycleLength: number;
  readonly #blockLength: number;
  #slot = 0;
  #given = 0;
  #open = 0;
  #inputEnded = false;
  #closed = false;

  constructor(opener: ElementIterator<ElementIterator<Element>>, node: InterleaveNode) {
    this.#opener = opener;
    this.#cycleLength = node.cycleLength;
    this.#blockLength = node.blockLength;
  }

  next(): MaybePromise<Pulled<Element>> {
    return drive(this.#step(), this.#step);
  }

  close(): MaybePromise<void> {
    this.#closed = true;
    const open = this.#slots.filter((slot) => slot !== null);
    return closeAll([...open, this.#opener]);
  }

  readonly #step = (): MaybePromise<Pulled<Element> | typeof AGAIN> => {
    if (this.#closed) return DONE;
    const current = this.#slots[this.#slot];
    if (current) {
      const element = current.next();
      return isPending(element) ? element.then(this.#pass) : this.#pass(element);
    }
    if (!this.#inputEnded) {
      const inner = this.#opener.next();
      return isPending(inner) ? inner.then(this.#fill) : this.#fill(inner);
    }
    if (this.#open === 0) return DONE;
    this.#turn();
    return AGAIN;
  };

  readonly #pass = (element: Pulled<Element>): MaybePromise<Element | typeof AGAIN> => {
    if (element !== DONE) {
      if (++this.#given >= this.#blockLength) this.#turn();
      return element;
    }
    const ended = this.#slots[this.#slot];
    this.#slots[this.#slot] = null;
    this.#open--;
    this.#turn();
    const closing = ended?.close();
    return isPromise(closing) ? closing.then(() => AGAIN) : AGAIN;
  };

  readonly #fill = (inner: Pulled<ElementIterator<Element>>): MaybePromise<typeof AGAIN> => {
    if (inner === DONE) this.#inputEnded = true;
    else if (this.#closed) {
      const closing = inner.close();
      return isPromise(closing) ? closing.then(() => AGAIN) : AGAIN;
    } else {
      this.#slots[this.#slot] = inner;
      this.#open++;
    }
    return AGAIN;
  };

  #turn(): void {
    this.#slot = (this.#slot + 1) % this.#cycleLength;
    this.#given = 0;
  }
}
