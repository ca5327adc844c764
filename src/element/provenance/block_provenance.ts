import { DataLossError } from "../../base/mod.ts";
import type { ConsumedSet } from "./consumed_set.ts";
import { NO_MORE_OFFSETS, type SourcePass, unitsOf } from "./ledger.ts";
import { KIND, KINDS } from "./provenance_writer.ts";
import { gathered } from "./scattered.ts";
import { unzigzag, VarintReader } from "./varints.ts";

// The numbers of a run, one after the other: place of its pass, index, offset (-1: whole indexes), length.
const RUN = 4;

interface Content {
  readonly passes: readonly SourcePass[];
  /** Entries an element, and how many elements in a row have as many. */
  readonly counts: readonly number[];
  readonly runs: readonly number[];
}

/** What each element of a block consumed. */
export class BlockProvenance {
  /** How many elements the block has. */
  readonly count: number;
  readonly #content: Content;
  #cursor: Cursor;

  /** Made by {@linkcode decodeProvenance}. */
  constructor(count: number, content: Content) {
    this.count = count;
    this.#content = content;
    this.#cursor = new Cursor(content);
  }

  /** Adds what the elements from number `from` (included) to `to` (excluded) of the block consumed. Quick where calls go forward. */
  addTo(set: ConsumedSet, from: number, to: number): void {
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || from > to || to > this.count) {
      throw new RangeError(`Elements ${from} to ${to} are not in a block of ${this.count}`);
    }
    if (from < this.#cursor.element) this.#cursor = new Cursor(this.#content);
    this.#cursor.advance(from, null);
    this.#cursor.advance(to, set);
  }
}

/** A place between two elements. */
class Cursor {
  /** How many elements are before it. */
  element = 0;
  readonly #content: Content;
  /** The pair of `counts` that it is in, and how many elements of that are before it. */
  #count = 0;
  #within = 0;
  /** The run that it is in, and how many entries of that are before it. */
  #run = 0;
  #entries = 0;

  constructor(content: Content) {
    this.#content = content;
  }

  /** Goes on to just before element `to`; adds what is in between to `set`. */
  advance(to: number, set: ConsumedSet | null): void {
    const { counts } = this.#content;
    let entries = 0;
    while (this.element < to) {
      const elements = Math.min(to - this.element, counts[this.#count + 1] - this.#within);
      entries += elements * counts[this.#count];
      this.element += elements;
      this.#within += elements;
      if (this.#within < counts[this.#count + 1]) break;
      this.#count += 2;
      this.#within = 0;
    }
    this.#consume(entries, set);
  }

  #consume(entries: number, set: ConsumedSet | null): void {
    const { runs, passes } = this.#content;
    while (entries > 0) {
      if (this.#entries === 0 && isOneIndex(runs, this.#run)) {
        entries -= this.#consumeScattered(entries, set);
        continue;
      }
      const { source, repetition } = passes[runs[this.#run]];
      const index = runs[this.#run + 1];
      const offset = runs[this.#run + 2];
      const length = runs[this.#run + 3];
      const units = unitsOf(offset, length);
      const taken = Math.min(entries, units - this.#entries);
      const first = this.#entries;
      if (offset < 0) set?.add(source, repetition, index + first, index + first + taken);
      else if (units === 1) set?.addOffsets(source, repetition, index, offset, offset + length);
      else set?.addOffsets(source, repetition, index, offset + first, offset + first + taken);
      entries -= taken;
      this.#entries += taken;
      if (this.#entries < units) return;
      this.#run += RUN;
      this.#entries = 0;
    }
  }

  /** Consumes up to `most` runs of one index each, of one pass, as shuffles have them; gives how many there were. */
  #consumeScattered(most: number, set: ConsumedSet | null): number {
    const { runs, passes } = this.#content;
    const place = runs[this.#run];
    const indexes: number[] = [];
    for (
      ;
      indexes.length < most && isOneIndex(runs, this.#run) && runs[this.#run] === place;
      this.#run += RUN
    ) {
      indexes.push(runs[this.#run + 1]);
    }
    if (set !== null) {
      const { source, repetition } = passes[place];
      for (const { start, end } of gathered(indexes)) set.add(source, repetition, start, end);
    }
    return indexes.length;
  }
}

/** Whether the run at `run` is one index. */
function isOneIndex(runs: readonly number[], run: number): boolean {
  return runs[run + 2] < 0 && runs[run + 3] === 1;
}

/**
 * Reads what {@linkcode ProvenanceWriter} wrote of a block of `count` elements. What it takes of memory is in
 * proportion to the bytes, whatever they and `count` say.
 *
 * @throws {DataLossError} if the bytes are damaged or do not fit the block
 */
export function decodeProvenance(bytes: Uint8Array, count: number): BlockProvenance {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new DataLossError(`Cannot decode the provenance of a block of ${count} elements`);
  }
  const reader = new VarintReader(bytes, "a block's provenance");
  const passes = decodePasses(reader);
  const { counts, entries } = decodeCounts(reader, count);
  const runs = decodeRuns(reader, passes.length, entries);
  return new BlockProvenance(count, { passes, counts, runs });
}

function decodePasses(reader: VarintReader): SourcePass[] {
  const count = reader.next();
  const passes: SourcePass[] = [];
  for (let i = 0; i < count; i++) passes.push({ source: reader.next(), repetition: reader.next() });
  return passes;
}

function decodeCounts(reader: VarintReader, count: number): { counts: number[]; entries: number } {
  const counts: number[] = [];
  let entries = 0;
  for (let left = count; left > 0;) {
    const number = reader.next();
    const elements = number % 2 === 1 ? Math.floor(number / 2) : 1;
    const each = number % 2 === 1 ? reader.next() : number / 2;
    if (elements === 0 || elements > left) {
      throw reader.fail(`${elements} elements are not in a block of ${count}`);
    }
    counts.push(each, elements);
    entries = reader.whole(entries + elements * each);
    left -= elements;
  }
  return { counts, entries };
}

function decodeRuns(reader: VarintReader, passes: number, entries: number): number[] {
  const sections: number[] = [];
  const count = reader.next();
  for (let i = 0; i < count; i++) {
    const tag = reader.next();
    if (tag >= KINDS * passes) throw reader.fail(`there is no pass ${Math.floor(tag / KINDS)}`);
    sections.push(tag, reader.next());
  }
  const runs: number[] = [];
  const nexts = new Float64Array(passes);
  const indexes = new Float64Array(passes);
  const offsets = new Float64Array(passes);
  let found = 0;
  for (let section = 0; section < sections.length; section += 2) {
    const place = Math.floor(sections[section] / KINDS);
    const kind = sections[section] % KINDS;
    for (let i = 0; i < sections[section + 1]; i++) {
      if (kind === KIND.offsets) {
        const index = reader.whole(indexes[place] + unzigzag(reader.next()));
        const before = index === indexes[place] ? offsets[place] : 0;
        const offset = reader.whole(before + unzigzag(reader.next()));
        const length = reader.next();
        const end = length === 0 ? NO_MORE_OFFSETS : reader.whole(offset + length);
        if (offset === end || (length === 0 && offset === 0) || (length > 0 && end === NO_MORE_OFFSETS)) {
          throw reader.fail(`outputs ${offset} to ${end} are none`);
        }
        runs.push(place, index, offset, end - offset);
        found += length === 0 ? 1 : length;
        indexes[place] = index;
        offsets[place] = length === 0 ? offset : end;
      } else {
        const index = reader.whole(nexts[place] + unzigzag(reader.next()));
        const length = kind === KIND.index ? 1 : reader.next();
        if (length === 0) throw reader.fail("a run of indexes is empty");
        runs.push(place, index, -1, length);
        found += length;
        nexts[place] = reader.whole(index + length);
      }
      reader.whole(found);
    }
  }
  if (found !== entries) throw reader.fail(`it has ${found} entries, its elements ${entries}`);
  if (reader.left > 0) throw reader.fail(`${reader.left} bytes follow its end`);
  return runs;
}
