import { FailedPreconditionError, isPromise, type MaybePromise, RangeSet } from "../../base/mod.ts";
import { type Element, IndexRun, type Ledger, type SourcePass } from "../../element/mod.ts";
import type { Split, SplitSupply } from "../context.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import type { Place } from "../place.ts";
import { SplitPass } from "../tracking.ts";

/** A source whose elements have indexes. */
export interface IndexedSource {
  /** How many there are; Infinity is allowed. */
  readonly length: number;
  /** The element at an index below `length`; `split` is the piece that the index was given in. */
  at(index: number, split: Split): MaybePromise<Element>;
}

/** An iterator over all elements, or, where the input is split, over those in the splits that come. */
export function indexed(source: IndexedSource, place: Place): ElementIterator<Element> {
  return new SourceIterator(source, place);
}

/** The splits of one source in one repetition. */
export class Splits {
  readonly #supply: SplitSupply;
  readonly #place: Place;
  #over = false;
  #pass: SplitPass | null = null;

  /** Asks `supply` for the source at `place`; its repetition is the number of passes before. */
  constructor(supply: SplitSupply, place: Place) {
    this.#supply = supply;
    this.#place = place;
  }

  /** What the ledger calls the pass that the last split belongs to. */
  get pass(): SplitPass {
    return this.#pass!;
  }

  /** The next split, or null at the end. */
  next(): MaybePromise<Split | null> {
    if (this.#over) return null;
    try {
      const split = this.#supply.next(this.#place.planned.sourceIndex!, this.#place.pass);
      return isPromise(split) ? split.then(this.#note, this.#fail) : this.#note(split);
    } catch (error) {
      return this.#fail(error);
    }
  }

  readonly #note = (split: Split | null): Split | null => {
    if (split === null) this.#over = true;
    else if (this.#place.tracking !== null) this.#track(split);
    return split;
  };

  #track({ repetition = this.#place.pass, consumed = [] }: Split): void {
    if (this.#pass?.repetition !== repetition) {
      this.#pass = new SplitPass(this.#place.planned.sourceIndex!, repetition);
    }
    for (const { index, offsets } of consumed) this.#pass.consumed.set(index, new RangeSet(offsets));
  }

  readonly #fail = (error: unknown): never => {
    // The supply has tried for long before it gives up; skipping the error would ask it again at once.
    throw this.#place.run.markFatal(error);
  };
}

/** What is said of indexes where nobody notes them. */
const UNTRACKED: SourcePass = { source: -1, repetition: -1 };

/** Goes through the indexes of a source. Classes below say what is there: a closure would cost more than a `range` does. */
export abstract class IndexedIterator implements ElementIterator<Element> {
  readonly #length: number;
  #splits: Splits | null;
  readonly #ledger: Ledger | null;
  #split: Split;
  #run: IndexRun = new IndexRun(UNTRACKED, 0);
  #end: number;

  /** Begins at the beginning of a source of `length` elements, or of the first split at `place`. */
  constructor(length: number, place: Place) {
    const { splits, tracking } = place;
    this.#length = length;
    this.#splits = splits ? new Splits(splits, place) : null;
    this.#ledger = splits && tracking ? tracking.ledger : null;
    this.#split = { start: 0, end: splits ? 0 : length };
    this.#end = this.#split.end;
  }

  /** The element at an index below the length; `split` is the piece that the index was given in. */
  protected abstract at(index: number, split: Split): MaybePromise<Element>;

  next(): MaybePromise<Pulled<Element>> {
    while (this.#run.at >= this.#end) {
      if (!this.#splits) return DONE;
      const split = this.#splits.next();
      if (isPromise(split)) return this.#later(split);
      if (!this.#begin(split)) return DONE;
    }
    return this.#give();
  }

  skip(count: number): MaybePromise<number> {
    return this.#skip(count, 0);
  }

  close(): void {
    this.#splits = null;
    this.#end = this.#run.at;
  }

  /** `left` elements are left out already. */
  #skip(count: number, left: number): MaybePromise<number> {
    for (;;) {
      const { pass, at } = this.#run;
      const here = Math.min(count - left, this.#end - at);
      // Another run: what is left out is not noted.
      this.#run = new IndexRun(pass, at + here);
      left += here;
      if (left === count || !this.#splits) return left;
      const split = this.#splits.next();
      if (isPromise(split)) return split.then((given) => this.#begin(given) ? this.#skip(count, left) : left);
      if (!this.#begin(split)) return left;
    }
  }

  async #later(split: Promise<Split | null>): Promise<Pulled<Element>> {
    for (let pending: MaybePromise<Split | null> = split;;) {
      if (!this.#begin(await pending)) return DONE;
      if (this.#run.at < this.#end) return this.#give();
      if (!this.#splits) return DONE;
      pending = this.#splits.next();
    }
  }

  #give(): MaybePromise<Element> {
    const ledger = this.#ledger;
    if (ledger !== null && ledger.open !== this.#run) {
      this.#run = ledger.follow(this.#run.pass, this.#run.at);
    }
    return this.at(this.#run.at++, this.#split);
  }

  #begin(split: Split | null): boolean {
    if (split === null || !this.#splits) return false;
    const { start, end } = split;
    if (start < 0 || start > end || end > this.#length) {
      throw new FailedPreconditionError(
        `Cannot read split ${start} to ${end}: the source has ${this.#length} elements`,
      );
    }
    this.#split = split;
    this.#run = new IndexRun(this.#ledger === null ? UNTRACKED : this.#splits.pass, start);
    this.#end = end;
    return true;
  }
}

class SourceIterator extends IndexedIterator {
  readonly #source: IndexedSource;

  constructor(source: IndexedSource, place: Place) {
    super(source.length, place);
    this.#source = source;
  }

  protected at(index: number, split: Split): MaybePromise<Element> {
    return this.#source.at(index, split);
  }
}
