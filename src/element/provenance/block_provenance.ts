import { DataLossError } from "../../base/mod.ts";
import type { ConsumedSet } from "./consumed_set.ts";
import { NO_MORE_OFFSETS, type SourcePass, unitsOf } from "./ledger.ts";
import { KIND, KINDS } from "./provenance_writer.ts";
import { gathered } from "./scattered.ts";
import { unzigzag, VarintReader } from "./varints.ts";

/** Runs of one kind of one pass, in a row. */
interface Section {
  readonly pass: SourcePass;
  readonly kind: number;
  /** By kind, of each run: its index; first index and length; index, first offset and length. */
  readonly runs: readonly number[];
}

interface Content {
  /** Entries an element, and how many elements in a row have as many. */
  readonly counts: readonly number[];
  readonly sections: readonly Section[];
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
  /** The section and the place in its numbers where the run begins that it is in, and how many entries of that are before it. */
  #section = 0;
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
    while (entries > 0) {
      const section = this.#content.sections[this.#section];
      if (this.#run >= section.runs.length) {
        this.#section++;
        this.#run = 0;
      } else if (section.kind === KIND.index) entries -= this.#consumeSingles(section, entries, set);
      else entries -= this.#consumeRun(section, entries, set);
    }
  }

  /** Consumes up to `most` single indexes; gives how many there were. */
  #consumeSingles({ pass, runs }: Section, most: number, set: ConsumedSet | null): number {
    const indexes = runs.slice(this.#run, this.#run + most);
    this.#run += indexes.length;
    const { source, repetition } = pass;
    if (set === null) return indexes.length;
    for (const { start, end } of gathered(indexes)) set.add(source, repetition, start, end);
    return indexes.length;
  }

  /** Consumes up to `most` entries of a run; gives how many there were. */
  #consumeRun(
    { kind, pass: { source, repetition }, runs }: Section,
    most: number,
    set: ConsumedSet | null,
  ): number {
    const hasOffsets = kind === KIND.offsets;
    const index = runs[this.#run];
    const offset = hasOffsets ? runs[this.#run + 1] : -1;
    const length = runs[this.#run + (hasOffsets ? 2 : 1)];
    const units = unitsOf(offset, length);
    const first = this.#entries;
    const taken = Math.min(most, units - first);
    if (!hasOffsets) set?.add(source, repetition, index + first, index + first + taken);
    else if (units === 1) set?.addOffsets(source, repetition, index, offset, offset + length);
    else set?.addOffsets(source, repetition, index, offset + first, offset + first + taken);
    this.#entries += taken;
    if (this.#entries === units) {
      this.#run += hasOffsets ? 3 : 2;
      this.#entries = 0;
    }
    return taken;
  }
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
  return new BlockProvenance(count, { counts, sections: decodeSections(reader, passes, entries) });
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

function decodeSections(reader: VarintReader, passes: readonly SourcePass[], entries: number): Section[] {
  const tags: number[] = [];
  const count = reader.next();
  for (let i = 0; i < count; i++) {
    const tag = reader.next();
    if (tag >= KINDS * passes.length) throw reader.fail(`there is no pass ${Math.floor(tag / KINDS)}`);
    tags.push(tag, reader.next());
  }
  const places = passes.map(() => ({ next: 0, index: 0, offset: 0 }));
  const sections: Section[] = [];
  let found = 0;
  for (let i = 0; i < tags.length; i += 2) {
    const place = Math.floor(tags[i] / KINDS);
    const kind = tags[i] % KINDS;
    const runs: number[] = [];
    const decode = kind === KIND.offsets ? decodeOffsets : kind === KIND.index ? decodeIndex : decodeIndexes;
    for (let run = 0; run < tags[i + 1]; run++) {
      found = reader.whole(found + decode(reader, places[place], runs));
    }
    sections.push({ pass: passes[place], kind, runs });
  }
  if (found !== entries) throw reader.fail(`it has ${found} entries, its elements ${entries}`);
  if (reader.left > 0) throw reader.fail(`${reader.left} bytes follow its end`);
  return sections;
}

/** Where the next runs of a pass count from. */
interface At {
  next: number;
  index: number;
  offset: number;
}

function decodeIndex(reader: VarintReader, at: At, runs: number[]): number {
  const index = reader.whole(at.next + unzigzag(reader.next()));
  runs.push(index);
  at.next = reader.whole(index + 1);
  return 1;
}

function decodeIndexes(reader: VarintReader, at: At, runs: number[]): number {
  const index = reader.whole(at.next + unzigzag(reader.next()));
  const length = reader.next();
  if (length === 0) throw reader.fail("a run of indexes is empty");
  runs.push(index, length);
  at.next = reader.whole(index + length);
  return length;
}

function decodeOffsets(reader: VarintReader, at: At, runs: number[]): number {
  const index = reader.whole(at.index + unzigzag(reader.next()));
  const before = index === at.index ? at.offset : 0;
  const offset = reader.whole(before + unzigzag(reader.next()));
  const length = reader.next();
  const end = length === 0 ? NO_MORE_OFFSETS : reader.whole(offset + length);
  if (offset === end || (length === 0 && offset === 0) || (length > 0 && end === NO_MORE_OFFSETS)) {
    throw reader.fail(`outputs ${offset} to ${end} are none`);
  }
  runs.push(index, offset, end - offset);
  at.index = index;
  at.offset = length === 0 ? offset : end;
  return length === 0 ? 1 : length;
}
