/**
 * What readers have not got yet of a source: indexes that are leased to a task, or wait to be leased again. As plain
 * data, because the state is kept as such.
 */

import {
  addBounds,
  countWithin,
  gapsWithin,
  isWithin,
  partsWithin,
  removeBounds,
  withoutRanges,
} from "../../base/mod.ts";
import { type ConsumedSource, NO_MORE_OFFSETS } from "../../element/mod.ts";
import type { DeepReadonly } from "./deep_readonly.ts";

/** What readers have not got of one pass over a source. */
export interface Rest {
  /** Bounds of the indexes of which they have not got everything. */
  indexes: number[];
  /** Of some of those: bounds of the outputs that they have got. */
  taken: Map<number, number[]>;
}

/** The same of several passes, by the labels of their splits; none is empty. */
export type Rests = Map<number, Rest>;

/** Adds indexes of which readers have got nothing. */
export function addRest(rests: Rests, repetition: number, start: number, end: number): void {
  addBounds(restOf(rests, repetition).indexes, start, end);
}

/** Takes out what readers have got. What is not there stays out. */
export function takeRest(rests: Rests, { repetition, ranges, partial }: DeepReadonly<ConsumedSource>): void {
  const rest = rests.get(repetition);
  if (!rest) return;
  dropRanges(rest, ranges);
  for (const { index, offsets } of partial) {
    if (!isWithin(rest.indexes, index)) continue;
    const taken = rest.taken.get(index) ?? [];
    for (const { start, end } of offsets) addBounds(taken, start, end);
    if (isEverything(taken)) dropRange(rest, index, index + 1);
    else rest.taken.set(index, taken);
  }
  if (rest.indexes.length === 0) rests.delete(repetition);
}

/** What of `consumed` is not known to be taken: the part that {@linkcode takeRest} would take out; null: none. */
export function newsFor(
  rests: DeepReadonly<Rests>,
  consumed: DeepReadonly<ConsumedSource>,
): ConsumedSource | null {
  const { source, repetition } = consumed;
  const rest = rests.get(repetition);
  if (!rest) return null;
  const ranges = consumed.ranges.flatMap(({ start, end }) => objects(partsWithin(rest.indexes, start, end)));
  const partial: { index: number; offsets: { start: number; end: number }[] }[] = [];
  for (const { index, offsets } of consumed.partial) {
    if (!isWithin(rest.indexes, index)) continue;
    const taken = rest.taken.get(index) ?? [];
    const fresh = offsets.flatMap(({ start, end }) => objects(gapsWithin(taken, start, end)));
    if (fresh.length > 0) partial.push({ index, offsets: fresh });
  }
  return ranges.length + partial.length > 0 ? { source, repetition, ranges, partial } : null;
}

/** Adds what `other` holds. Of an index that both have, readers lack what they lack in either. */
export function uniteRests(rests: Rests, other: DeepReadonly<Rests>): void {
  for (const [repetition, { indexes, taken }] of other) {
    const rest = restOf(rests, repetition);
    for (const [index, offsets] of rest.taken) {
      if (!isWithin(indexes, index)) continue;
      const both = common(offsets, taken.get(index) ?? []);
      if (both.length > 0) rest.taken.set(index, both);
      else rest.taken.delete(index);
    }
    for (const [index, offsets] of taken) {
      if (!isWithin(rest.indexes, index)) rest.taken.set(index, [...offsets]);
    }
    for (let i = 0; i < indexes.length; i += 2) addBounds(rest.indexes, indexes[i], indexes[i + 1]);
  }
}

/** Moves what lies between two indexes of a pass from one to the other, and gives it. */
export function moveRest(
  from: Rests,
  to: Rests,
  { repetition, start, end }: { repetition: number; start: number; end: number },
): Rest {
  const moved: Rest = { indexes: [], taken: new Map() };
  const rest = from.get(repetition);
  if (!rest) return moved;
  for (const part of partsWithin(rest.indexes, start, end)) moved.indexes.push(...part);
  for (const [index, offsets] of rest.taken) {
    if (index >= start && index < end) moved.taken.set(index, offsets);
  }
  dropRange(rest, start, end);
  if (rest.indexes.length === 0) from.delete(repetition);
  if (moved.indexes.length > 0) uniteRests(to, new Map([[repetition, moved]]));
  return moved;
}

/** The indexes of a rest between `start` and `end` of which readers have got some outputs; null: there are none. */
export function takenWithin(
  taken: ReadonlyMap<number, readonly number[]>,
  { source, repetition, start, end }: { source: number; repetition: number; start: number; end: number },
): ConsumedSource | null {
  if (taken.size === 0) return null;
  const partial = [...taken].filter(([index]) => index >= start && index < end)
    .sort(([a], [b]) => a - b)
    .map(([index, bounds]) => ({ index, offsets: objects(pairs(bounds)) }));
  return partial.length > 0 ? { source, repetition, ranges: [], partial } : null;
}

/** How many indexes there are. */
export function countRests(rests: DeepReadonly<Rests>): number {
  let count = 0;
  for (const { indexes } of rests.values()) count += countWithin(indexes);
  return count;
}

/** How many ranges it takes to say what is there. */
export function fragmentsOf(rests: DeepReadonly<Rests>): number {
  let count = 0;
  for (const { indexes, taken } of rests.values()) {
    count += indexes.length / 2;
    for (const bounds of taken.values()) count += bounds.length / 2;
  }
  return count;
}

/** Forgets the earliest passes and the lowest indexes until it takes no more than `max` ranges to say what is there. */
export function dropLowest(rests: Rests, max: number): void {
  let over = fragmentsOf(rests) - max;
  for (const repetition of [...rests.keys()].sort((a, b) => a - b)) {
    if (over <= 0) return;
    const rest = rests.get(repetition)!;
    const fragments = fragmentsOf(new Map([[repetition, rest]]));
    if (fragments <= over) {
      rests.delete(repetition);
      over -= fragments;
      continue;
    }
    const ranges = Math.min(rest.indexes.length / 2, over);
    dropRange(rest, 0, rest.indexes[2 * ranges - 1]);
    if (rest.indexes.length === 0) rests.delete(repetition);
    return;
  }
}

/** Whether bounds are those of all outputs that an index can have. */
export function isEverything(bounds: readonly number[]): boolean {
  return bounds.length === 2 && bounds[0] === 0 && bounds[1] === NO_MORE_OFFSETS;
}

function restOf(rests: Rests, repetition: number): Rest {
  let rest = rests.get(repetition);
  if (!rest) rests.set(repetition, rest = { indexes: [], taken: new Map() });
  return rest;
}

function dropRange({ indexes, taken }: Rest, start: number, end: number): void {
  removeBounds(indexes, start, end);
  if (taken.size > 0) {
    for (const index of taken.keys()) if (index >= start && index < end) taken.delete(index);
  }
}

// From so many ranges on, one walk is less than as many moves of the bounds behind each: with a shuffle of 100,000
// elements the bounds are as many.
const MANY_RANGES = 16;

function dropRanges(rest: Rest, ranges: DeepReadonly<ConsumedSource["ranges"]>): void {
  if (ranges.length < MANY_RANGES || rest.taken.size > 0) {
    for (const { start, end } of ranges) dropRange(rest, start, end);
  } else rest.indexes = withoutRanges(rest.indexes, ranges);
}

function common(a: readonly number[], b: readonly number[]): number[] {
  return pairs(a).flatMap(([start, end]) => [...partsWithin(b, start, end)].flat());
}

function pairs(bounds: readonly number[]): [start: number, end: number][] {
  const all: [number, number][] = [];
  for (let i = 0; i < bounds.length; i += 2) all.push([bounds[i], bounds[i + 1]]);
  return all;
}

function objects(ranges: Iterable<[start: number, end: number]>): { start: number; end: number }[] {
  return Array.from(ranges, ([start, end]) => ({ start, end }));
}
