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
import { type Ledger, NO_MORE_OFFSETS, type SourcePass } from "./ledger.ts";
import { zigzag } from "./varints.ts";

/** Kinds of sections. */
export const KIND = { index: 0, indexes: 1, offsets: 2 } as const;

/** How many kinds there are. */
export const KINDS = 3;

/** Gathers what the elements of a block consumed. */
export class ProvenanceWriter {
  #passes = new Map<SourcePass, number>();
  /** Entries an element, and how many elements in a row have as many. */
  #counts: number[] = [];
  #entries = -1;
  #elements = 0;
  /** Place of the pass, index, offset (-1: whole indexes) and length of each run but the last. */
  #runs: number[] = [];
  #pass: SourcePass | null = null;
  #index = 0;
  #offset = -1;
  #length = 0;

  /** An element was added to the block: what the ledger holds belongs to it, and is taken from there. */
  mark(ledger: Ledger): void {
    const entries = ledger.drain(this.#add);
    if (entries === this.#entries) this.#elements++;
    else {
      if (this.#elements > 0) this.#counts.push(this.#entries, this.#elements);
      this.#entries = entries;
      this.#elements = 1;
    }
  }

  /** Gives the bytes of the block and begins the next one. */
  finish(): Uint8Array<ArrayBuffer> {
    if (this.#length > 0) this.#seal();
    if (this.#elements > 0) this.#counts.push(this.#entries, this.#elements);
    const out = new ByteWriter();
    out.varint(this.#passes.size);
    for (const { source, repetition } of this.#passes.keys()) {
      out.varint(source);
      out.varint(repetition);
    }
    this.#writeCounts(out);
    this.#writeRuns(out);
    this.#passes = new Map<SourcePass, number>();
    this.#counts = [];
    this.#entries = -1;
    this.#elements = 0;
    this.#runs = [];
    this.#pass = null;
    return concatBytes(out.finish()).slice();
  }

  readonly #add = (pass: SourcePass, index: number, offset: number, length: number): void => {
    if (pass === this.#pass && this.#length > 0) {
      if (offset < 0 && this.#offset < 0 && index === this.#index + this.#length) {
        this.#length += length;
        return;
      }
      const isEnd = offset + length === NO_MORE_OFFSETS;
      if (
        offset >= 0 && this.#offset >= 0 && !isEnd && index === this.#index &&
        offset === this.#offset + this.#length
      ) {
        this.#length += length;
        return;
      }
    }
    if (this.#length > 0) this.#seal();
    this.#pass = pass;
    this.#index = index;
    this.#offset = offset;
    this.#length = length;
  };

  #seal(): void {
    const pass = this.#pass!;
    let place = this.#passes.get(pass);
    if (place === undefined) this.#passes.set(pass, place = this.#passes.size);
    this.#runs.push(place, this.#index, this.#offset, this.#length);
    this.#length = 0;
  }

  #writeCounts(out: ByteWriter): void {
    for (let i = 0; i < this.#counts.length; i += 2) {
      const entries = this.#counts[i];
      const elements = this.#counts[i + 1];
      if (elements > 1) out.varint(2 * elements + 1);
      out.varint(elements > 1 ? entries : 2 * entries);
    }
  }

  #writeRuns(out: ByteWriter): void {
    const runs = this.#runs;
    const sections: number[] = [];
    const bytes = new ByteWriter();
    const nexts = new Float64Array(this.#passes.size);
    const indexes = new Float64Array(this.#passes.size);
    const offsets = new Float64Array(this.#passes.size);
    for (let i = 0; i < runs.length; i += 4) {
      const place = runs[i];
      const index = runs[i + 1];
      const offset = runs[i + 2];
      const length = runs[i + 3];
      const kind = offset >= 0 ? KIND.offsets : length === 1 ? KIND.index : KIND.indexes;
      const tag = KINDS * place + kind;
      if (sections.length > 0 && sections[sections.length - 2] === tag) sections[sections.length - 1]++;
      else sections.push(tag, 1);
      if (offset < 0) {
        bytes.varint(zigzag(index - nexts[place]));
        if (kind === KIND.indexes) bytes.varint(length);
        nexts[place] = index + length;
      } else {
        const isEnd = offset + length === NO_MORE_OFFSETS;
        bytes.varint(zigzag(index - indexes[place]));
        bytes.varint(zigzag(offset - (index === indexes[place] ? offsets[place] : 0)));
        bytes.varint(isEnd ? 0 : length);
        indexes[place] = index;
        offsets[place] = isEnd ? offset : offset + length;
      }
    }
    out.varint(sections.length / 2);
    for (const number of sections) out.varint(number);
    for (const chunk of bytes.finish()) out.raw(chunk);
  }
}
