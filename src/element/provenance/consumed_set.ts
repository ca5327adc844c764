import { type Range, RangeSet } from "../../base/mod.ts";
import { NO_MORE_OFFSETS } from "./ledger.ts";

/** What of one pass over a source is consumed, as plain data. */
export interface ConsumedSource {
  /** The source's place in `sourcesOf` of the graph. */
  readonly source: number;
  /** Which pass over it: the label of the splits. */
  readonly repetition: number;
  /** Indexes of which everything is consumed, ascending and disjoint. */
  readonly ranges: readonly Range[];
  /**
   * Indexes of which some outputs are consumed, ascending, with the numbers of those outputs. A range that ends at
   * `Number.MAX_SAFE_INTEGER` says that there are no outputs from its start on.
   */
  readonly partial: readonly { readonly index: number; readonly offsets: readonly Range[] }[];
}

/** What of one pass is consumed, to be looked up. */
export interface ConsumedPass {
  /** Indexes of which everything is consumed. */
  readonly ranges: RangeSet;
  /** Of other indexes, the outputs that are. */
  readonly partial: ReadonlyMap<number, RangeSet>;
}

interface Pass {
  readonly source: number;
  readonly repetition: number;
  readonly ranges: RangeSet;
  readonly partial: Map<number, RangeSet>;
}

/**
 * Which elements of its sources a dataset's readers have consumed: whole indexes, and outputs of indexes that an
 * operator such as `flatMap` makes several elements of. Adding is idempotent, and the order does not matter: an
 * index becomes whole when all of its outputs are there and it is known that there are no more.
 */
export class ConsumedSet {
  /** By source, then by repetition. */
  readonly #sources = new Map<number, Map<number, Pass>>();
  /** The pass that was changed last, which the next change is likely to be for. */
  #recent: Pass | null = null;

  /** A set of `sources`, which may name one pass several times. */
  constructor(sources: Iterable<ConsumedSource> = []) {
    this.unite(sources);
  }

  /** Whether nothing is consumed. */
  get isEmpty(): boolean {
    return this.#sources.size === 0;
  }

  /** Adds the indexes from `start` to `end`, the last excluded. */
  add(source: number, repetition: number, start: number, end: number): void {
    if (start >= end) return;
    const { ranges, partial } = this.#pass(source, repetition);
    ranges.add(start, end);
    if (partial.size === 0) return;
    if (end - start < partial.size) { for (let index = start; index < end; index++) partial.delete(index); }
    else for (const index of partial.keys()) if (index >= start && index < end) partial.delete(index);
  }

  /** Adds the outputs of an index from number `start` to `end`, the last excluded; `end` may be `Number.MAX_SAFE_INTEGER`. */
  addOffsets(source: number, repetition: number, index: number, start: number, end: number): void {
    if (start >= end) return;
    const { ranges, partial } = this.#pass(source, repetition);
    if (ranges.has(index)) return;
    const offsets = partial.get(index) ?? new RangeSet();
    offsets.add(start, end);
    if (offsets.fragments === 1 && offsets.has(0) && offsets.has(NO_MORE_OFFSETS - 1)) {
      partial.delete(index);
      ranges.add(index, index + 1);
    } else partial.set(index, offsets);
  }

  /** Adds all that another set holds. */
  unite(other: ConsumedSet | Iterable<ConsumedSource>): void {
    for (const { source, repetition, ranges, partial } of plain(other)) {
      for (const { start, end } of ranges) this.add(source, repetition, start, end);
      for (const { index, offsets } of partial) {
        for (const { start, end } of offsets) this.addOffsets(source, repetition, index, start, end);
      }
    }
  }

  /**
   * Takes out all that another set holds. An index of which it holds some outputs keeps the others, also those that
   * it turns out not to have.
   */
  remove(other: ConsumedSet | Iterable<ConsumedSource>): void {
    for (const { source, repetition, ranges, partial } of plain(other)) {
      const pass = this.#sources.get(source)?.get(repetition);
      if (!pass) continue;
      for (const { start, end } of ranges) removeIndexes(pass, start, end);
      for (const { index, offsets } of partial) removeOffsets(pass, index, offsets);
      if (pass.ranges.fragments === 0 && pass.partial.size === 0) this.#forget(pass);
    }
  }

  /** What the set holds, ascending by source and repetition. */
  sources(): ConsumedSource[] {
    const passes = [...this.#sources.values()].flatMap((repetitions) => [...repetitions.values()]);
    passes.sort((a, b) => a.source - b.source || a.repetition - b.repetition);
    return passes.map(({ source, repetition, ranges, partial }) => ({
      source,
      repetition,
      ranges: [...ranges.ranges()],
      partial: [...partial.keys()].sort((a, b) => a - b)
        .map((index) => ({ index, offsets: [...partial.get(index)!.ranges()] })),
    }));
  }

  /** What is consumed of one pass, as it is now and will be; undefined if nothing is. Not to be changed. */
  of(source: number, repetition: number): ConsumedPass | undefined {
    return this.#sources.get(source)?.get(repetition);
  }

  /** Forgets everything. */
  clear(): void {
    this.#sources.clear();
    this.#recent = null;
  }

  /** A set of the same that goes its own way. */
  copy(): ConsumedSet {
    return new ConsumedSet(this.sources());
  }

  /** Whether another set holds the same. */
  equals(other: ConsumedSet): boolean {
    return JSON.stringify(this.sources()) === JSON.stringify(other.sources());
  }

  #forget({ source, repetition }: Pass): void {
    const repetitions = this.#sources.get(source)!;
    repetitions.delete(repetition);
    if (repetitions.size === 0) this.#sources.delete(source);
    this.#recent = null;
  }

  #pass(source: number, repetition: number): Pass {
    const recent = this.#recent;
    if (recent !== null && recent.source === source && recent.repetition === repetition) return recent;
    let repetitions = this.#sources.get(source);
    if (!repetitions) this.#sources.set(source, repetitions = new Map<number, Pass>());
    let pass = repetitions.get(repetition);
    if (!pass) {
      pass = { source, repetition, ranges: new RangeSet(), partial: new Map<number, RangeSet>() };
      repetitions.set(repetition, pass);
    }
    return this.#recent = pass;
  }
}

function removeIndexes({ ranges, partial }: Pass, start: number, end: number): void {
  ranges.remove(start, end);
  for (const index of partial.keys()) if (index >= start && index < end) partial.delete(index);
}

function removeOffsets({ ranges, partial }: Pass, index: number, offsets: readonly Range[]): void {
  const left = ranges.has(index) ? new RangeSet([{ start: 0, end: NO_MORE_OFFSETS }]) : partial.get(index);
  if (!left) return;
  for (const { start, end } of offsets) left.remove(start, end);
  ranges.remove(index, index + 1);
  if (left.fragments === 0) partial.delete(index);
  else partial.set(index, left);
}

/** A set, or what stands for one, as plain data. */
export function plain(set: ConsumedSet | Iterable<ConsumedSource>): Iterable<ConsumedSource> {
  return set instanceof ConsumedSet ? set.sources() : set;
}
