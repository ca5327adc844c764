import type { Range } from "../base/mod.ts";
import type { Ledger } from "../element/mod.ts";
import { SplitPass } from "./tracking.ts";

/**
 * Numbers the elements that pass an operator which counts them (`take`, `enumerate`), and enters the numbers where it is
 * noted what the elements consumed: behind a checkpoint it gives those out that have not come to the program.
 */
export class Counter {
  /** How many numbers were settled before. */
  readonly before: number;
  readonly #ledger: Ledger;
  readonly #pass: SplitPass;
  readonly #settled: readonly Range[];
  #range = 0;
  #next = 0;

  /** Counts for the operator whose pass is named so; `settled`: what it gave before, in order. */
  constructor(ledger: Ledger, pass: SplitPass, settled: readonly Range[]) {
    this.#ledger = ledger;
    this.#pass = pass;
    this.#settled = settled;
    this.before = settled.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** The number of the element that the input has just given. */
  next(): number {
    const range = this.#settled[this.#range];
    if (range !== undefined && this.#next >= range.start) {
      this.#next = range.end;
      this.#range++;
    }
    const number = this.#next++;
    this.#ledger.add(this.#pass, number);
    return number;
  }
}
