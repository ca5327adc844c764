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
 */
export class Ledger {
  /** All runs but the last, which grows. */
  #runs: LedgerRun[] = [];
  #pass: SourcePass = NO_PASS;
  #index = 0;
  #offset = -1;
  /** Whole indexes: how many; offsets: likewise; 0: there is no last run. */
  #length = 0;
  /** The index that would make the last run one longer; -1 where it is one of offsets. */
  #next = -1;

  /** Whether there are no entries. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** An index was consumed as a whole. */
  add(pass: SourcePass, index: number): void {
    if (index === this.#next && pass === this.#pass) {
      this.#length++;
      this.#next = index + 1;
    } else this.#begin(pass, index, -1, 1);
  }

  /** The output number `offset` of an index was consumed. */
  addOffset(pass: SourcePass, index: number, offset: number): void {
    if (
      this.#offset >= 0 && this.#length > 0 && index === this.#index && pass === this.#pass &&
      offset === this.#offset + this.#length
    ) this.#length++;
    else this.#begin(pass, index, offset, 1);
  }

  /** An index has no outputs from number `offset` on. */
  addEnd(pass: SourcePass, index: number, offset: number): void {
    if (offset === 0) this.add(pass, index);
    else this.#begin(pass, index, offset, NO_MORE_OFFSETS - offset);
  }

  /** Adds what was taken from another ledger. */
  put(entries: LedgerEntries): void {
    if (entries === null) return;
    if (isRuns(entries)) { for (const run of entries) this.#putRun(run); }
    else this.#putRun(entries);
  }

  /** Takes all entries out. */
  take(): LedgerEntries {
    if (this.#length === 0) return null;
    const last: LedgerRun = {
      pass: this.#pass,
      index: this.#index,
      offset: this.#offset,
      length: this.#length,
    };
    const runs = this.#runs;
    this.#forgetLast();
    if (runs.length === 0) return last;
    this.#runs = [];
    runs.push(last);
    return runs;
  }

  /** Gives each run to `each`, in order, and forgets it; says how many entries there were, the end of an index being one. */
  drain(each: (pass: SourcePass, index: number, offset: number, length: number) => void): number {
    let units = 0;
    if (this.#runs.length > 0) {
      for (const { pass, index, offset, length } of this.#runs) {
        units += unitsOf(offset, length);
        each(pass, index, offset, length);
      }
      this.#runs.length = 0;
    }
    if (this.#length > 0) {
      units += unitsOf(this.#offset, this.#length);
      each(this.#pass, this.#index, this.#offset, this.#length);
      this.#forgetLast();
    }
    return units;
  }

  #putRun({ pass, index, offset, length }: LedgerRun): void {
    if (offset < 0 && index === this.#next && pass === this.#pass) {
      this.#length += length;
      this.#next += length;
    } else this.#begin(pass, index, offset, length);
  }

  #begin(pass: SourcePass, index: number, offset: number, length: number): void {
    if (this.#length > 0) {
      this.#runs.push({ pass: this.#pass, index: this.#index, offset: this.#offset, length: this.#length });
    }
    this.#pass = pass;
    this.#index = index;
    this.#offset = offset;
    this.#length = length;
    this.#next = offset < 0 ? index + length : -1;
  }

  #forgetLast(): void {
    // What comes next may go on where the last run ended: then beginning a new one costs nothing.
    this.#index = this.#next;
    this.#length = 0;
    if (this.#offset >= 0) {
      this.#offset = -1;
      this.#next = -1;
    }
  }
}

/** How many entries a run stands for. */
export function unitsOf(offset: number, length: number): number {
  return offset > 0 && offset + length === NO_MORE_OFFSETS ? 1 : length;
}

function isRuns(entries: LedgerRun | readonly LedgerRun[]): entries is readonly LedgerRun[] {
  return Array.isArray(entries);
}
