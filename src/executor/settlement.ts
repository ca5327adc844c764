import { type Range, RangeSet } from "../base/mod.ts";
import { ConsumedSet, gathered, Ledger, type LedgerRun, type SourcePass } from "../element/mod.ts";

/** Where the execution was that this one goes on from. */
export interface SettledBefore {
  /** What its program had of the inputs that give the same again. */
  readonly consumed: ConsumedSet;
  /** Of each service that it read, by the place in the pipeline: how many passes it had begun. */
  readonly begun: ReadonlyMap<number, number>;
}

// Numbers are entered many at a time: a shuffle's lie close together, and make few ranges.
const MOST_NUMBERS = 1_024;

/**
 * What of a pipeline's inputs has come to its program, where operators hold elements, drop them, count them, or give
 * them in another order: what is not in it must be given again from a checkpoint on. Inputs are numbered by their
 * places in the pipeline, their elements by the order in which they came.
 */
export class Settlement {
  /** Of the pipeline's root: what came with the elements that it gives. */
  readonly ledger: Ledger = new Ledger();
  readonly #before: SettledBefore;
  readonly #settled: ConsumedSet;
  readonly #numbers: number[] = [];
  #pass: SourcePass | null = null;

  /** Goes on where another one stood. */
  constructor(before: SettledBefore = { consumed: new ConsumedSet(), begun: new Map() }) {
    this.#before = before;
    this.#settled = before.consumed.copy();
  }

  /**
   * The program has got the element that the root has just given, and so all that came with it. What comes with a
   * pull that fails is not settled: a batch may have gathered it.
   */
  settle(): void {
    const { ledger } = this;
    if (ledger.length === 1 && ledger.earlier.length === 0 && ledger.pass === this.#pass) {
      if (this.#numbers.push(ledger.index) >= MOST_NUMBERS) this.#enter();
      ledger.forget();
      return;
    }
    const { earlier } = ledger;
    for (const run of earlier) this.#add(run);
    if (ledger.length > 0) this.#add(ledger);
    ledger.forget();
  }

  /** What is settled, before this execution too. */
  get consumed(): ConsumedSet {
    this.#enter();
    return this.#settled;
  }

  /** The numbers of the elements of an input that are settled. */
  numbersOf(at: number, pass: number): RangeSet {
    this.#enter();
    return this.#settled.of(at, pass)?.ranges ?? new RangeSet();
  }

  /** Those that were before this execution, in order. */
  numbersBefore(at: number, pass: number): readonly Range[] {
    return [...this.#before.consumed.of(at, pass)?.ranges.ranges() ?? []];
  }

  /** Whether a pass over the service at a place had begun before this execution. */
  hasBegun(at: number, pass: number): boolean {
    return pass < (this.#before.begun.get(at) ?? 0);
  }

  #add({ pass, index, length }: LedgerRun): void {
    if (pass !== this.#pass || length > 1) this.#enter();
    this.#pass = pass;
    if (length === 1) this.#numbers.push(index);
    else this.#settled.add(pass.source, pass.repetition, index, index + length);
  }

  #enter(): void {
    if (this.#numbers.length === 0) return;
    const { source, repetition } = this.#pass!;
    for (const { start, end } of gathered(this.#numbers)) this.#settled.add(source, repetition, start, end);
    this.#numbers.length = 0;
  }
}
