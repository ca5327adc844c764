/** One pass over a source of a pipeline whose input is split. */
export interface SourcePass {
  /** The source's place in `sourcesOf` of the graph. */
  readonly source: number;
  /** The label of the splits that its indexes came in. */
  readonly repetition: number;
}

/**
 * The outputs of an index are numbered from 0; a run of offsets that ends here says that the index has no outputs
 * from the run's beginning on.
 */
export const NO_MORE_OFFSETS = Number.MAX_SAFE_INTEGER;

/** Entries of one kind that follow on one another. */
export interface LedgerRun {
  readonly pass: SourcePass;
  /** Whole indexes: the first of them. Offsets: the index whose outputs they number. */
  readonly index: number;
  /** Whole indexes: -1. Offsets: the first of them. */
  readonly offset: number;
  /** How many indexes, or offsets. */
  readonly length: number;
}

/** Indexes that a source gives out one after the other. It counts on here, and the ledger looks when somebody asks. */
export class IndexRun {
  /** The pass that the indexes are of. */
  readonly pass: SourcePass;
  /** The index that comes next. */
  at: number;

  /** Begins at index `at`. */
  constructor(pass: SourcePass, at: number) {
    this.pass = pass;
    this.at = at;
  }
}

/** What a ledger held, in a form that is cheap where it was one run. */
export type LedgerEntries = LedgerRun | readonly LedgerRun[] | null;

const NO_PASS: SourcePass = { source: -1, repetition: -1 };

/**
 * What the elements of a stretch of a pipeline consumed of its sources: sources append what they give out, and
 * whoever takes an element takes what has come with it.
 *
 * An entry for an output that exists (an index, or an offset of one) must travel with that output. One for what was
 * dropped, or for outputs that an index does not have, may travel with any: sets of consumed outputs are united, and
 * an index counts as a whole only once nothing of it is missing.
 *
 * It is a run that grows, and the runs before it. A call for each element would cost more than many pipelines do: so
 * a source that gives indexes in order has its run {@linkcode Ledger.follow}ed and only counts, and the fields of the
 * growing run can be seen. Only the ledger changes them, and whoever looks at its length looks at that first: then
 * they say what has been counted.
 */
export class Ledger {
  readonly #earlier: LedgerRun[] = [];
  /** As of {@linkcode LedgerRun}, of the last run. */
  pass: SourcePass = NO_PASS;
  /** As of {@linkcode LedgerRun}. */
  index = 0;
  /** As of {@linkcode LedgerRun}. */
  offset = -1;
  #length = 0;
  /** Whether the last run is the end of an index, which is one entry whatever its length. */
  ends = false;
  /** The run that is followed; null: none, or something else was entered since. */
  open: IndexRun | null = null;
  /** The first index of that run that is not entered. */
  #entered = 0;
  /** The index that would make the last run one longer; -1 where it is one of offsets. */
  #next = -1;

  /** All runs but the last. */
  get earlier(): readonly LedgerRun[] {
    if (this.open !== null) this.#settle();
    return this.#earlier;
  }

  /** As of {@linkcode LedgerRun}, of the last run; 0: there are no runs at all. */
  get length(): number {
    if (this.open !== null) this.#settle();
    return this.#length;
  }

  /** Whether there are no entries. */
  get isEmpty(): boolean {
    return this.length === 0;
  }

  /**
   * Follows a source: the indexes of the run that is given back are consumed as it counts them. Only as long as it is
   * the {@linkcode Ledger.open} one, which the source looks at before each.
   */
  follow(pass: SourcePass, at: number): IndexRun {
    this.#settle();
    this.#entered = at;
    return this.open = new IndexRun(pass, at);
  }

  /** Enters what has been counted in the run that is followed. */
  #settle(): void {
    const { open } = this;
    if (open === null || open.at === this.#entered) return;
    const index = this.#entered;
    this.#entered = open.at;
    this.#addIndexes(open.pass, index, open.at - index);
  }

  /** An index was consumed as a whole. */
  add(pass: SourcePass, index: number): void {
    if (this.open !== null) this.#leave();
    if (index === this.#next && pass === this.pass) {
      this.#length++;
      this.#next = index + 1;
    } else this.#begin(pass, index, -1, 1);
  }

  /** The output number `offset` of an index was consumed. */
  addOffset(pass: SourcePass, index: number, offset: number): void {
    if (this.open !== null) this.#leave();
    if (
      this.offset >= 0 && index === this.index && pass === this.pass && offset === this.offset + this.#length
    ) this.#length++;
    else this.#begin(pass, index, offset, 1);
  }

  /** An index has no outputs from number `offset` on. */
  addEnd(pass: SourcePass, index: number, offset: number): void {
    if (offset === 0) return this.add(pass, index);
    this.#leave();
    this.#begin(pass, index, offset, NO_MORE_OFFSETS - offset);
  }

  /** Adds what was taken from another ledger. */
  put(entries: LedgerEntries): void {
    if (entries === null) return;
    this.#leave();
    if (isRuns(entries)) { for (const run of entries) this.#putRun(run); }
    else this.#putRun(entries);
  }

  /** Takes all entries out. */
  take(): LedgerEntries {
    if (this.open !== null) this.#settle();
    if (this.#length === 0) return null;
    const last: LedgerRun = { pass: this.pass, index: this.index, offset: this.offset, length: this.#length };
    const runs = this.#earlier.length === 0 ? null : this.#earlier.splice(0);
    this.forget();
    if (runs === null) return last;
    runs.push(last);
    return runs;
  }

  /** Takes the entry out, where there is one only and a source that is followed has counted it: its index, else -1. */
  takeCounted(): number {
    const { open } = this;
    if (open === null || open.at - this.#entered !== 1 || this.#length > 0) return -1;
    return this.#entered++;
  }

  /** Forgets all entries. What comes next may still go on where the last run ended. */
  forget(): void {
    if (this.open !== null) this.#settle();
    if (this.#earlier.length > 0) this.#earlier.length = 0;
    if (this.offset < 0) this.index += this.#length;
    else this.offset += this.#length;
    this.#length = 0;
    this.ends = false;
  }

  /** Forgets the first `count` entries, all of which are of the first run. */
  forgetFirst(count: number): void {
    if (this.open !== null) this.#settle();
    const first = this.#earlier[0];
    if (first === undefined) {
      if (this.offset < 0) this.index += count;
      else this.offset += count;
      this.#length -= count;
    } else if (first.length === count) this.#earlier.shift();
    else {
      this.#earlier[0] = first.offset < 0
        ? { ...first, index: first.index + count, length: first.length - count }
        : { ...first, offset: first.offset + count, length: first.length - count };
    }
  }

  /** Something else is entered: the source has to begin another run. */
  #leave(): void {
    this.#settle();
    this.open = null;
  }

  #putRun({ pass, index, offset, length }: LedgerRun): void {
    if (offset < 0) this.#addIndexes(pass, index, length);
    else this.#begin(pass, index, offset, length);
  }

  #addIndexes(pass: SourcePass, index: number, length: number): void {
    if (index === this.#next && pass === this.pass) {
      this.#length += length;
      this.#next = index + length;
    } else this.#begin(pass, index, -1, length);
  }

  #begin(pass: SourcePass, index: number, offset: number, length: number): void {
    if (this.#length > 0) {
      this.#earlier.push({ pass: this.pass, index: this.index, offset: this.offset, length: this.#length });
    }
    this.pass = pass;
    this.index = index;
    this.offset = offset;
    this.#length = length;
    this.#next = offset < 0 ? index + length : -1;
    this.ends = offset > 0 && offset + length === NO_MORE_OFFSETS;
  }
}

/** How many entries a run stands for: the end of an index is one. */
export function unitsOf(offset: number, length: number): number {
  return offset > 0 && offset + length === NO_MORE_OFFSETS ? 1 : length;
}

function isRuns(entries: LedgerRun | readonly LedgerRun[]): entries is readonly LedgerRun[] {
  return Array.isArray(entries);
}
