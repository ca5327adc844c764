/**
 * What each element of a block consumed, as bytes. All numbers are varints: seven bits a byte, low bits first.
 *
 * What the elements consumed is one sequence of *entries*; each element has the next few of them. In this order:
 *
 * 1. How many passes over sources there are; of each, source and repetition.
 * 2. How many entries each element has: twice the number, for one element; or twice a number of elements plus 1, then
 *    how many entries each of those has. Up to the number of elements of the block, which the bytes do not say.
 * 3. How many sections there are; of each, the pass (its place in the list) times 3 plus its kind, and how many runs.
 * 4. The runs of all sections, up to the end of the bytes, by their kind:
 *    - 0, one index: the distance from the end of the last run of indexes of its pass (0 at first);
 *    - 1, indexes in a row, an entry each: that distance, and how many;
 *    - 2, outputs of an index, an entry each: the distance from the index of the last such run of its pass (0 at first),
 *      the distance from the end of that run where it was of the same index, else from 0, and how many. 0 stands for
 *      the end of the index: it has no more outputs, which is one entry.
 *
 * Distances are zigzag: 0, -1, 1, -2 become 0, 1, 2, 3.
 */

import { ByteWriter, concatBytes } from "../byte_writer.ts";
import { type IndexRun, type Ledger, type LedgerRun, NO_MORE_OFFSETS, type SourcePass } from "./ledger.ts";
import { zigzag } from "./varints.ts";

/** Kinds of sections. */
export const KIND = { index: 0, indexes: 1, offsets: 2 } as const;

/** How many kinds there are. */
export const KINDS = 3;

/** Gathers what the elements of a block consumed. */
export class ProvenanceWriter {
  readonly #ledger: Ledger;
  /** How many entries of the ledger's first run belong to elements that were added; they follow on the present run. */
  #seen = 0;
  /**
   * The run that the ledger follows, where those entries are all that it holds and more can only be of it: then a mark
   * is the number that the source has come to.
   */
  #open: IndexRun | null = null;
  /** How far it was at the last mark, and before the first of those entries. */
  #at = 0;
  #from = 0;
  #passes: SourcePass[] = [];
  /** The places of passes in the list, and the one that was asked for last. */
  #places = new Map<SourcePass, number>();
  #pass: SourcePass | null = null;
  #place = 0;
  #counts = new ByteWriter();
  /** Entries an element, and how many elements in a row have as many. */
  #entries = -1;
  #elements = 0;
  #sections = new ByteWriter();
  #sectionCount = 0;
  #tag = -1;
  /** The tag of a section of single indexes of the pass that was asked for last. */
  #scattered = -2;
  #sectionRuns = 0;
  #runs = new ByteWriter();
  /** By pass: where its last run of indexes ended; index and end of its last run of outputs. */
  #nexts: number[] = [];
  #indexes: number[] = [];
  #offsets: number[] = [];
  /** The run that may grow. */
  #runPass: SourcePass | null = null;
  #runIndex = 0;
  #runOffset = -1;
  #runLength = 0;
  #ends = false;

  /** Begins a block of elements whose entries `ledger` holds when they are added. */
  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** An element was added to the block: what the ledger holds by now belongs to it. */
  mark(): void {
    const { open } = this.#ledger;
    if (open !== null && open === this.#open) {
      const entries = open.at - this.#at;
      this.#at = open.at;
      return this.#count(entries);
    }
    if (this.#open !== null) this.#unfollow();
    this.#mark();
    if (open !== null) this.#follow();
  }

  #mark(): void {
    const ledger = this.#ledger;
    const { length } = ledger;
    if (ledger.earlier.length > 0) return this.#take();
    if (this.#seen > 0) {
      // Entries that follow on those of the element before stay in the ledger: only their number is noted.
      const entries = length - this.#seen;
      this.#seen = length;
      this.#count(entries);
    } else if (
      length === 1 && this.#runLength === 1 && this.#tag === this.#scattered &&
      ledger.pass === this.#runPass && ledger.pass === this.#pass &&
      ledger.offset < 0 && this.#runOffset < 0 && ledger.index !== this.#runIndex + 1
    ) {
      // One index after another that is somewhere else, as shuffles give them.
      this.#sectionRuns++;
      this.#runs.varint(zigzag(this.#runIndex - this.#nexts[this.#place]));
      this.#nexts[this.#place] = this.#runIndex + 1;
      this.#runIndex = ledger.index;
      ledger.forget();
      this.#count(1);
    } else this.#take();
  }

  /** From here on marks are numbers, if nothing but what a source counts can come. */
  #follow(): void {
    const { open, earlier, length } = this.#ledger;
    if (open === null || earlier.length > 0 || length !== this.#seen) return;
    this.#open = open;
    this.#at = open.at;
    this.#from = open.at - this.#seen;
  }

  /** Marks were numbers until now. */
  #unfollow(): void {
    if (this.#open === null) return;
    this.#seen = this.#at - this.#from;
    this.#open = null;
  }

  #take(): void {
    const ledger = this.#ledger;
    let entries = -this.#seen;
    if (ledger.earlier.length > 0) { for (const run of ledger.earlier) entries += this.#add(run); }
    else if (this.#runPass === ledger.pass && !ledger.ends && this.#goesOn(ledger.index, ledger.offset)) {
      this.#seen = ledger.length;
      return this.#count(this.#seen);
    }
    if (ledger.length > 0) entries += this.#add(ledger);
    ledger.forget();
    this.#seen = 0;
    this.#count(entries);
  }

  #count(entries: number): void {
    if (entries === this.#entries) this.#elements++;
    else this.#beginCount(entries);
  }

  /** Gives the bytes of the block and begins the next one. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#unfollow();
    if (this.#seen > 0) {
      // By now the ledger may hold what belongs to the next element.
      const { pass, index, offset } = this.#ledger.earlier[0] ?? this.#ledger;
      this.#add({ pass, index, offset, length: this.#seen });
      this.#ledger.forgetFirst(this.#seen);
      this.#seen = 0;
    }
    this.#seal();
    this.#sealSection();
    this.#beginCount(-1);
    const out = new ByteWriter();
    out.varint(this.#passes.length);
    for (const { source, repetition } of this.#passes) {
      out.varint(source);
      out.varint(repetition);
    }
    const sectionCount = new ByteWriter(8);
    sectionCount.varint(this.#sectionCount);
    const bytes = concatBytes([
      ...out.finish(),
      ...this.#counts.finish(),
      ...sectionCount.finish(),
      ...this.#sections.finish(),
      ...this.#runs.finish(),
    ]);
    this.#reset();
    return bytes;
  }

  #reset(): void {
    this.#passes = [];
    this.#places = new Map<SourcePass, number>();
    this.#pass = null;
    this.#scattered = -2;
    this.#counts = new ByteWriter();
    this.#elements = 0;
    this.#sections = new ByteWriter();
    this.#sectionCount = 0;
    this.#tag = -1;
    this.#runs = new ByteWriter();
    this.#nexts = [];
    this.#indexes = [];
    this.#offsets = [];
  }

  #beginCount(entries: number): void {
    if (this.#elements > 1) {
      this.#counts.varint(2 * this.#elements + 1);
      this.#counts.varint(this.#entries);
    } else if (this.#elements === 1) this.#counts.varint(2 * this.#entries);
    this.#entries = entries;
    this.#elements = 1;
  }

  /** Adds a run; gives the number of its entries. */
  #add(run: LedgerRun): number {
    const { pass, index, offset, length } = run;
    const isEnd = offset > 0 && offset + length === NO_MORE_OFFSETS;
    if (pass === this.#runPass && !isEnd && this.#goesOn(index, offset)) this.#runLength += length;
    else this.#begin(run);
    return isEnd ? 1 : length;
  }

  /** Whether a run begins where the present one ends. */
  #goesOn(index: number, offset: number): boolean {
    if (this.#runOffset < 0) return offset < 0 && index === this.#runIndex + this.#runLength;
    return !this.#ends && index === this.#runIndex && offset === this.#runOffset + this.#runLength;
  }

  #begin({ pass, index, offset, length }: LedgerRun): void {
    this.#seal();
    this.#runPass = pass;
    this.#runIndex = index;
    this.#runOffset = offset;
    this.#runLength = length;
    this.#ends = offset > 0 && offset + length === NO_MORE_OFFSETS;
  }

  /** Writes the present run, if there is one. */
  #seal(): void {
    if (this.#runPass === null) return;
    const place = this.#placeOf(this.#runPass);
    this.#runPass = null;
    const index = this.#runIndex;
    const offset = this.#runOffset;
    const length = this.#runLength;
    if (offset < 0) {
      this.#section(KINDS * place + (length === 1 ? KIND.index : KIND.indexes));
      this.#runs.varint(zigzag(index - this.#nexts[place]));
      if (length > 1) this.#runs.varint(length);
      this.#nexts[place] = index + length;
    } else {
      this.#section(KINDS * place + KIND.offsets);
      const before = index === this.#indexes[place] ? this.#offsets[place] : 0;
      this.#runs.varint(zigzag(index - this.#indexes[place]));
      this.#runs.varint(zigzag(offset - before));
      this.#runs.varint(this.#ends ? 0 : length);
      this.#indexes[place] = index;
      this.#offsets[place] = this.#ends ? offset : offset + length;
    }
  }

  #placeOf(pass: SourcePass): number {
    if (pass === this.#pass) return this.#place;
    let place = this.#places.get(pass);
    if (place === undefined) {
      place = this.#passes.push(pass) - 1;
      this.#places.set(pass, place);
      this.#nexts.push(0);
      this.#indexes.push(0);
      this.#offsets.push(0);
    }
    this.#pass = pass;
    this.#scattered = KINDS * place + KIND.index;
    return this.#place = place;
  }

  /** The run that is being written is of a section of this kind. */
  #section(tag: number): void {
    if (tag === this.#tag) this.#sectionRuns++;
    else {
      this.#sealSection();
      this.#tag = tag;
      this.#sectionRuns = 1;
    }
  }

  #sealSection(): void {
    if (this.#tag < 0) return;
    this.#sections.varint(this.#tag);
    this.#sections.varint(this.#sectionRuns);
    this.#sectionCount++;
  }
}
