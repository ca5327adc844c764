/** What readers have got of a source, as plain data: of one reader's, or what is left out of a new pass. */

import { addBounds, gapsWithin, isWithin, removeBounds } from "../../base/mod.ts";
import { type ConsumedSet, type ConsumedSource, NO_MORE_OFFSETS } from "../../element/mod.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { addRest, isEverything, type Rests } from "./rests.ts";

/** What is taken of one pass over a source. */
export interface Taking {
  /** Bounds of the indexes of which everything is taken. */
  indexes: number[];
  /** Of other indexes: bounds of the outputs that are. */
  offsets: Map<number, number[]>;
}

/** The same of several passes, by the labels of their splits. */
export type Takings = Map<number, Taking>;

/** Adds what is taken. */
export function addTaking(
  takings: Takings,
  { repetition, ranges, partial }: DeepReadonly<ConsumedSource>,
): void {
  let taking = takings.get(repetition);
  if (!taking) takings.set(repetition, taking = { indexes: [], offsets: new Map() });
  const { indexes, offsets } = taking;
  for (const { start, end } of ranges) {
    addBounds(indexes, start, end);
    if (offsets.size > 0) {
      for (const index of offsets.keys()) if (index >= start && index < end) offsets.delete(index);
    }
  }
  for (const { index, offsets: taken } of partial) {
    if (isWithin(indexes, index)) continue;
    const bounds = offsets.get(index) ?? [];
    for (const { start, end } of taken) addBounds(bounds, start, end);
    if (!isEverything(bounds)) offsets.set(index, bounds);
    else {
      offsets.delete(index);
      addBounds(indexes, index, index + 1);
    }
  }
}

/** Forgets the passes before `repetition`, and the indexes of that one below `next`; gives the outputs of those. */
export function passTakings(takings: Takings, repetition: number, next: number): Map<number, number[]> {
  const passed = new Map<number, number[]>();
  for (const [label, { indexes, offsets }] of takings) {
    if (label > repetition) continue;
    if (label < repetition) {
      takings.delete(label);
      continue;
    }
    removeBounds(indexes, 0, next);
    for (const [index, bounds] of offsets) {
      if (index >= next) continue;
      passed.set(index, bounds);
      offsets.delete(index);
    }
    if (indexes.length === 0 && offsets.size === 0) takings.delete(label);
  }
  return passed;
}

/** The first pass of which something is left, over a source of `count` indexes; forgets those before. */
export function firstUntaken(takings: Takings, count: number): number {
  for (let repetition = 0;; repetition++) {
    const indexes = takings.get(repetition)?.indexes;
    if (!indexes || count === 0 || indexes.length !== 2 || indexes[0] > 0 || indexes[1] < count) {
      return repetition;
    }
    takings.delete(repetition);
  }
}

/** How many ranges it takes to say what is taken. */
export function fragmentsOfTakings(takings: DeepReadonly<Takings>): number {
  let count = 0;
  for (const { indexes, offsets } of takings.values()) {
    count += indexes.length / 2;
    for (const bounds of offsets.values()) count += bounds.length / 2;
  }
  return count;
}

/** What is in `takings` of a source and not in `before`: what has to be given again to somebody who stood there. */
export function takenSince(takings: DeepReadonly<Takings>, source: number, before: ConsumedSet): Rests {
  const rests: Rests = new Map();
  for (const [repetition, { indexes, offsets }] of takings) {
    const former = before.of(source, repetition);
    for (let i = 0; i < indexes.length; i += 2) {
      const gaps = former
        ? [...former.ranges.gaps(indexes[i], indexes[i + 1])]
        : [{ start: indexes[i], end: indexes[i + 1] }];
      for (const { start, end } of gaps) addRest(rests, repetition, start, end);
    }
    for (const [index, bounds] of former?.partial ?? []) {
      if (isWithin(rests.get(repetition)?.indexes ?? [], index)) {
        rests.get(repetition)!.taken.set(
          index,
          [...bounds.ranges()].flatMap(({ start, end }) => [start, end]),
        );
      }
    }
    for (const [index, bounds] of offsets) {
      if (former?.ranges.has(index)) continue;
      const known = former?.partial.get(index);
      const again: number[] = [];
      for (let i = 0; i < bounds.length; i += 2) {
        const parts = known
          ? [...known.gaps(bounds[i], bounds[i + 1])]
          : [{ start: bounds[i], end: bounds[i + 1] }];
        for (const { start, end } of parts) addBounds(again, start, end);
      }
      if (again.length === 0) continue;
      addRest(rests, repetition, index, index + 1);
      // The other outputs are others' matter: they count as taken here.
      const rest = [...gapsWithin(again, 0, NO_MORE_OFFSETS)].flat();
      if (rest.length > 0) rests.get(repetition)!.taken.set(index, rest);
    }
  }
  return rests;
}
