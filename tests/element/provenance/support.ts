/** Random consumption, and the dumb twin of a consumed set. */

import fc from "fast-check";
import { ConsumedSet, type ConsumedSource, NO_MORE_OFFSETS } from "../../../src/element/mod.ts";

/** One thing that was consumed. */
export type Change =
  | { kind: "indexes"; source: number; repetition: number; start: number; end: number }
  | { kind: "offsets"; source: number; repetition: number; index: number; start: number; end: number }
  | { kind: "end"; source: number; repetition: number; index: number; start: number };

const pass = { source: fc.nat(2), repetition: fc.nat(2) };

/** Anything that may be consumed, of few places, so that much meets. */
export const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("indexes" as const), ...pass, start: fc.nat(20), size: fc.nat(5) })
      .map(({ size, ...change }) => ({ ...change, end: change.start + size })),
    fc.record({
      kind: fc.constant("offsets" as const),
      ...pass,
      index: fc.nat(20),
      start: fc.nat(8),
      size: fc.nat(4),
    }).map(({ size, ...change }) => ({ ...change, end: change.start + size })),
    fc.record({ kind: fc.constant("end" as const), ...pass, index: fc.nat(20), start: fc.nat(8) }),
  ),
  { maxLength: 60 },
);

/** Makes a change. */
export function apply(set: ConsumedSet, change: Change): void {
  const { source, repetition } = change;
  if (change.kind === "indexes") set.add(source, repetition, change.start, change.end);
  else {
    const end = change.kind === "end" ? NO_MORE_OFFSETS : change.end;
    set.addOffsets(source, repetition, change.index, change.start, end);
  }
}

/** The set of what was consumed. */
export function setOf(list: Iterable<Change>): ConsumedSet {
  const set = new ConsumedSet();
  for (const change of list) apply(set, change);
  return set;
}

// Stands for all outputs that no test counts.
const REST = 12;

/** Every output by itself: "source/repetition/index/offset", 0 to 11 and those above as one. */
export function model(list: Iterable<Change>): Set<string> {
  const outputs = new Set<string>();
  for (const change of list) {
    const name = (index: number, offset: number) =>
      `${change.source}/${change.repetition}/${index}/${offset}`;
    if (change.kind === "indexes") {
      for (let index = change.start; index < change.end; index++) {
        for (let offset = 0; offset <= REST; offset++) outputs.add(name(index, offset));
      }
    } else {
      const end = change.kind === "end" ? REST + 1 : change.end;
      for (let offset = change.start; offset < end; offset++) outputs.add(name(change.index, offset));
    }
  }
  return outputs;
}

/** The same of a set as it describes itself. */
export function listed(sources: Iterable<ConsumedSource>): Set<string> {
  const list: Change[] = [];
  for (const { source, repetition, ranges, partial } of sources) {
    for (const { start, end } of ranges) list.push({ kind: "indexes", source, repetition, start, end });
    for (const { index, offsets } of partial) {
      for (const { start, end } of offsets) {
        list.push(
          end === NO_MORE_OFFSETS
            ? { kind: "end", source, repetition, index, start }
            : { kind: "offsets", source, repetition, index, start, end },
        );
      }
    }
  }
  return model(list);
}
