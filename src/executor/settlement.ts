import { type Range, RangeSet } from "../base/mod.ts";
import { ConsumedSet, gathered, Ledger, type SourcePass } from "../element/mod.ts";

/** Where the execution was that this one goes on from. */
export interface SettledBefore {
  /** What its program had of the inputs that give the same again. */
  readonly consumed: ConsumedSet;
  /** Of each service that it read, by the place in the pipeline: how many passes it had begun. */
  readonly begun: ReadonlyMap<number, number>;
}

// Numbers are entered many at a time: a shuffle's lie close together, and the more there are the fewer ranges they make.
const MOST_NUMBERS = 16_384;

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
  /** The run of numbers that was settled last: what comes in order makes it longer. */
  #pass: SourcePass | null = null;
  #start = 0;
  #end = 0;
  /** Single numbers of the same pass before it. */
  readonly #numbers: number[] = [];

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
    const { length } = ledger;
    if (length === 0) return;
    if (ledger.earlier.length > 0) {
      for (const run of ledger.earlier) this.#add(run.pass, run.index, run.length);
    }
    this.#add(ledger.pass, ledger.index, length);
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

  #add(pass: SourcePass, index: number, length: number): void {
    if (pass === this.#pass && index === this.#end) {
      this.#end += length;
      return;
    }
    const waiting = this.#end - this.#start;
    if (pass !== this.#pass || waiting > 1 || this.#numbers.length >= MOST_NUMBERS) this.#enter();
    else if (waiting === 1) this.#numbers.push(this.#start);
    this.#pass = pass;
    this.#start = index;
    this.#end = index + length;
  }

  /** Enters all that is waiting in the set. */
  #enter(): void {
    if (this.#pass === null) return;
    const { source, repetition } = this.#pass;
    for (const { start, end } of gathered(this.#numbers)) this.#settled.add(source, repetition, start, end);
    this.#numbers.length = 0;
    this.#settled.add(source, repetition, this.#start, this.#end);
    this.#start = this.#end;
  }
}
