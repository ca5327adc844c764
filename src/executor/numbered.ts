import type { MaybePromise, Range } from "../base/mod.ts";
import type { Element, Ledger } from "../element/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "./iterator.ts";
import { leaveOut } from "./leave_out.ts";
import { isPending } from "./pending.ts";
import type { SplitPass } from "./tracking.ts";

const NONE: readonly Range[] = [];

/** How elements are numbered. */
export interface Numbering {
  /** Where the numbers are noted. */
  readonly ledger: Ledger;
  /** Of what they are. */
  readonly pass: SplitPass;
  /** Elements that readers had before, in order: an input that is run again gives them again. @default none */
  readonly settled?: readonly Range[];
  /** The number of the first element. @default 0 */
  readonly first?: number;
  /** Asked after an error: the number of the next element. @default the one after that of the element that failed */
  readonly position?: () => number;
}

/** Numbers the elements of an input, those that fail included, and leaves out those that are settled. */
export class Numbered implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #ledger: Ledger;
  readonly #pass: SplitPass;
  readonly #settled: readonly Range[];
  readonly #position: (() => number) | undefined;
  #range = 0;
  #next: number;

  constructor(input: ElementIterator<Element>, numbering: Numbering) {
    const { ledger, pass, settled = NONE, first = 0, position } = numbering;
    this.#input = input;
    this.#ledger = ledger;
    this.#pass = pass;
    this.#settled = settled;
    this.#next = first;
    this.#position = position;
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
    const end = this.#position?.() ?? this.#next + 1;
    while (this.#next < end) this.#ledger.add(this.#pass, this.#next++);
    throw error;
  };
}
