import type { MaybePromise, Range } from "../base/mod.ts";
import type { Element, Ledger } from "../element/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "./iterator.ts";
import { leaveOut } from "./leave_out.ts";
import { isPending } from "./pending.ts";
import type { SplitPass } from "./tracking.ts";

/**
 * A part of a pipeline that gives the same elements again when it is run again: they are numbered, those that fail
 * included, and those that are settled are left out.
 */
export class Numbered implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #ledger: Ledger;
  readonly #pass: SplitPass;
  readonly #settled: readonly Range[];
  #range = 0;
  #next = 0;

  /** Notes in `ledger` what it gives, as of `pass`; `settled`: what readers had before, in order. */
  constructor(
    input: ElementIterator<Element>,
    { ledger, pass, settled }: { ledger: Ledger; pass: SplitPass; settled: readonly Range[] },
  ) {
    this.#input = input;
    this.#ledger = ledger;
    this.#pass = pass;
    this.#settled = settled;
  }

  next(): MaybePromise<Pulled<Element>> {
    const range = this.#settled[this.#range];
    if (range !== undefined && this.#next >= range.start) return this.#leaveOut(range.end);
    try {
      const element = this.#input.next();
      return isPending(element) ? element.then(this.#note, this.#fail) : this.#note(element);
    } catch (error) {
      return this.#fail(error);
    }
  }

  close(): MaybePromise<void> {
    return this.#input.close();
  }

  async #leaveOut(end: number): Promise<Pulled<Element>> {
    const count = end - this.#next;
    this.#range++;
    this.#next = end;
    return await leaveOut(this.#input, count) < count ? DONE : await this.next();
  }

  readonly #note = (element: Pulled<Element>): Pulled<Element> => {
    if (element !== DONE) this.#ledger.add(this.#pass, this.#next++);
    return element;
  };

  readonly #fail = (error: unknown): never => {
    this.#ledger.add(this.#pass, this.#next++);
    throw error;
  };
}
