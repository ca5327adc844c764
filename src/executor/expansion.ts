import { type MaybePromise, mixSeeds, type RangeSet } from "../base/mod.ts";
import { type Element, Ledger, type LedgerRun, NO_MORE_OFFSETS, type SourcePass } from "../element/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "./iterator.ts";
import { isPending } from "./pending.ts";
import type { Place } from "./place.ts";
import type { Run } from "./run.ts";
import { SplitPass, Tracking } from "./tracking.ts";

/** The index that elements are made of, and how many there have been. */
class Origin {
  readonly pass: SourcePass;
  readonly index: number;
  /** Whether it ends with the iterator that it was opened for; else an operator below says when. */
  readonly isWhole: boolean;
  outputs = 0;

  constructor(pass: SourcePass, index: number, isWhole: boolean) {
    this.pass = pass;
    this.index = index;
    this.isWhole = isWhole;
  }
}

/**
 * Where an operator that makes several elements of one ends a stretch. Below it an entry stands for a whole index, or,
 * where another such operator is below, for one of the elements that it made of an index. Above it entries are outputs
 * of an index, numbered here.
 */
export class Expansion {
  /** For the operator's input. */
  readonly below: Tracking = new Tracking(undefined, { isExpanded: true });
  /** Takes the entries that belong to no element: they may come out with any. */
  readonly loose: Ledger;
  readonly #above: Tracking;
  readonly #areApart: boolean;
  readonly #run: Run;
  /** Indexes that go on in the next input element. */
  readonly #open = new Map<SourcePass, Map<number, Origin>>();

  /**
   * Ends the stretch `above`.
   *
   * @param options.areApart whether iterators are read ahead, so that each must keep what belongs to its elements
   */
  constructor(above: Tracking, run: Run, { areApart = false }: { areApart?: boolean } = {}) {
    this.#above = above;
    this.#areApart = areApart;
    this.#run = run;
    this.loose = areApart ? new Ledger() : above.ledger;
  }

  /** The iterators of `outer`, which pulls one input element for each, noting what their elements consumed. */
  follow(outer: ElementIterator<ElementIterator<Element>>): ElementIterator<ElementIterator<Element>> {
    return new ExpandedOuter(outer, this);
  }

  /** The operator has made an iterator of the element that its input has just given. */
  begin(iterator: ElementIterator<Element>): ElementIterator<Element> {
    const origin = this.#drain();
    if (!origin) return iterator;
    const { pass, index } = origin;
    const consumed = this.#numbers && pass instanceof SplitPass ? pass.consumed.get(index) : undefined;
    const ledger = this.#areApart ? new Ledger() : this.#above.ledger;
    return new ExpandedIterator(iterator, origin, { ledger, consumed, run: this.#run });
  }

  /** A number that stands for what the element is made of that the input has just given, whoever makes it. */
  originSeed(): number {
    const { length, pass: { source, repetition }, index, offset } = this.below.ledger;
    return offset < 0
      ? mixSeeds(source, repetition, index + length - 1)
      : mixSeeds(source, repetition, index, offset + length - 1);
  }

  /** Nothing comes of what the input has given, or the input has ended. */
  pass(): void {
    const origin = this.#drain();
    if (origin?.isWhole) this.loose.add(origin.pass, origin.index);
  }

  /** Whether its numbers are those of the outputs; else an operator above makes several of each once more. */
  get #numbers(): boolean {
    return !this.#above.isExpanded;
  }

  /** Takes what has come with an input element; gives the origin of the element, which its last entry names. */
  #drain(): Origin | null {
    const { ledger } = this.below;
    let last: Origin | null = null;
    for (const run of ledger.earlier) last = this.#read(run, last);
    if (!ledger.isEmpty) last = this.#read(ledger, last);
    ledger.forget();
    return last;
  }

  /** Reads a run, behind which nothing may have come of what `before` was the origin of. */
  #read({ pass, index, offset, length }: LedgerRun, before: Origin | null): Origin | null {
    if (before?.isWhole) this.loose.add(before.pass, before.index);
    if (offset < 0) {
      for (let i = 0; i < length - 1; i++) this.loose.add(pass, index + i);
      return new Origin(pass, index + length - 1, true);
    }
    if (offset + length < NO_MORE_OFFSETS) return this.#originOf(pass, index);
    this.#end(pass, index);
    return null;
  }

  #originOf(pass: SourcePass, index: number): Origin {
    let origins = this.#open.get(pass);
    if (!origins) this.#open.set(pass, origins = new Map<number, Origin>());
    let origin = origins.get(index);
    if (!origin) origins.set(index, origin = new Origin(pass, index, false));
    return origin;
  }

  #end(pass: SourcePass, index: number): void {
    const origins = this.#open.get(pass);
    this.loose.addEnd(pass, index, origins?.get(index)?.outputs ?? 0);
    origins?.delete(index);
    if (origins?.size === 0) this.#open.delete(pass);
    if (this.#numbers) forget(pass, index);
  }
}

/** Ends the operator's stretch, if there is one. */
export function expand(place: Place, options?: { areApart?: boolean }): Expansion | null {
  return place.tracking && new Expansion(place.tracking, place.run, options);
}

/** Nothing more of the index will come: what readers have of it need not be known any longer. */
function forget(pass: SourcePass, index: number): void {
  if (pass instanceof SplitPass) pass.consumed.delete(index);
}

class ExpandedOuter implements ElementIterator<ElementIterator<Element>> {
  readonly #outer: ElementIterator<ElementIterator<Element>>;
  readonly #expansion: Expansion;

  constructor(outer: ElementIterator<ElementIterator<Element>>, expansion: Expansion) {
    this.#outer = outer;
    this.#expansion = expansion;
  }

  next(): MaybePromise<Pulled<ElementIterator<Element>>> {
    let inner: MaybePromise<Pulled<ElementIterator<Element>>>;
    try {
      inner = this.#outer.next();
    } catch (error) {
      return this.#fail(error);
    }
    return isPending(inner) ? inner.then(this.#begin, this.#fail) : this.#begin(inner);
  }

  close(): MaybePromise<void> {
    return this.#outer.close();
  }

  readonly #begin = (inner: Pulled<ElementIterator<Element>>): Pulled<ElementIterator<Element>> => {
    if (inner !== DONE) return this.#expansion.begin(inner);
    this.#expansion.pass();
    return DONE;
  };

  readonly #fail = (error: unknown): never => {
    this.#expansion.pass();
    throw error;
  };
}

/** Numbers the outputs of an index, those that fail included, and leaves out those that readers have already. */
export class ExpandedIterator implements ElementIterator<Element> {
  /** Where it notes what it gives. */
  readonly ledger: Ledger;
  readonly #inner: ElementIterator<Element>;
  readonly #origin: Origin;
  readonly #consumed: RangeSet | undefined;
  readonly #run: Run;

  constructor(
    inner: ElementIterator<Element>,
    origin: Origin,
    options: { ledger: Ledger; consumed: RangeSet | undefined; run: Run },
  ) {
    this.ledger = options.ledger;
    this.#inner = inner;
    this.#origin = origin;
    this.#consumed = options.consumed;
    this.#run = options.run;
  }

  next(): MaybePromise<Pulled<Element>> {
    for (;;) {
      if (this.#isOver()) return this.#end();
      let element: MaybePromise<Pulled<Element>>;
      try {
        element = this.#inner.next();
      } catch (error) {
        if (this.#countFailure(error)) throw error;
        continue;
      }
      if (isPending(element)) return this.#later(element);
      if (element === DONE) return this.#end();
      if (this.#count()) return element;
    }
  }

  close(): MaybePromise<void> {
    return this.#inner.close();
  }

  async #later(first: Promise<Pulled<Element>>): Promise<Pulled<Element>> {
    for (let pulled: MaybePromise<Pulled<Element>> | null = first;; pulled = null) {
      if (pulled === null && this.#isOver()) return this.#end();
      try {
        const element = await (pulled ?? this.#inner.next());
        if (element === DONE) return this.#end();
        if (this.#count()) return element;
      } catch (error) {
        if (this.#countFailure(error)) throw error;
      }
    }
  }

  /** Whether readers have all that is still to come. */
  #isOver(): boolean {
    if (this.#consumed === undefined) return false;
    return this.#consumed.gaps(this.#origin.outputs, NO_MORE_OFFSETS).next().done === true;
  }

  /** Counts an output; whether it is to be given out. */
  #count(): boolean {
    const { pass, index } = this.#origin;
    const offset = this.#origin.outputs++;
    if (this.#consumed?.has(offset)) return false;
    this.ledger.addOffset(pass, index, offset);
    return true;
  }

  /** Counts an output that failed; whether that is to be said. What would fail again and again is not an output. */
  #countFailure(error: unknown): boolean {
    const isFatal = typeof error === "object" && error !== null && this.#run.fatal.has(error);
    return this.#run.stopped || isFatal || this.#count();
  }

  #end(): typeof DONE {
    const { pass, index, outputs, isWhole } = this.#origin;
    if (isWhole) {
      this.ledger.addEnd(pass, index, outputs);
      if (this.#consumed !== undefined) forget(pass, index);
    }
    return DONE;
  }
}
