import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { partsWithin } from "../../../src/base/mod.ts";
import {
  addRest,
  countRests,
  dropLowest,
  fragmentsOf,
  moveRest,
  newsFor,
  type Rests,
  takenWithin,
  takeRest,
  uniteRests,
} from "../../../src/dispatcher/core/rests.ts";
import { addTaking, firstUntaken, takenSince, type Takings } from "../../../src/dispatcher/core/takings.ts";
import { ConsumedSet, type ConsumedSource, NO_MORE_OFFSETS } from "../../../src/element/mod.ts";

/*
 * Against a model that knows each output of each index: outputs 0 to 3, and what comes after them, which counts as one.
 */

const INDEXES = 12;
const OUTPUTS = 5;

/** Outputs by their names. */
type Model = Set<string>;

const name = (repetition: number, index: number, output: number) => `${repetition}.${index}.${output}`;

/** The outputs that are not taken. */
function missing(rests: Rests): Model {
  const model: Model = new Set();
  for (const [repetition, { indexes, taken }] of rests) {
    for (let i = 0; i < indexes.length; i += 2) {
      for (let index = indexes[i]; index < indexes[i + 1]; index++) {
        const bounds = taken.get(index) ?? [];
        for (let output = 0; output < OUTPUTS; output++) {
          const isTaken = bounds.some((bound, at) =>
            at % 2 === 0 && bound <= output && output < bounds[at + 1]
          );
          if (!isTaken) model.add(name(repetition, index, output));
        }
      }
    }
  }
  return model;
}

function outputsOf(parts: readonly ConsumedSource[]): Model {
  const model: Model = new Set();
  for (const { repetition, ranges, partial } of parts) {
    for (const { start, end } of ranges) {
      for (let index = start; index < end; index++) {
        for (let output = 0; output < OUTPUTS; output++) model.add(name(repetition, index, output));
      }
    }
    for (const { index, offsets } of partial) {
      for (const { start, end } of offsets) {
        for (let output = start; output < Math.min(end, OUTPUTS); output++) {
          model.add(name(repetition, index, output));
        }
      }
    }
  }
  return model;
}

const range = fc.tuple(fc.nat(INDEXES - 1), fc.integer({ min: 1, max: 5 }))
  .map(([start, length]) => ({ start, end: Math.min(INDEXES, start + length) }));
const offsets = fc.tuple(fc.nat(3), fc.constantFrom(1, 2, NO_MORE_OFFSETS))
  .map(([start, length]) => ({ start, end: Math.min(NO_MORE_OFFSETS, start + length) }));
const consumed = fc.array(
  fc.record({
    source: fc.constant(0),
    repetition: fc.nat(1),
    ranges: fc.array(range, { maxLength: 2 }),
    partial: fc.array(
      fc.record({ index: fc.nat(INDEXES - 1), offsets: fc.array(offsets, { minLength: 1 }) }),
    ),
  }),
  { maxLength: 2 },
).map((parts) => new ConsumedSet(parts).sources());
const rests = fc.tuple(fc.array(fc.tuple(fc.nat(1), range), { maxLength: 4 }), consumed).map(
  ([added, taken]) => {
    const rests: Rests = new Map();
    for (const [repetition, { start, end }] of added) addRest(rests, repetition, start, end);
    for (const part of taken) takeRest(rests, part);
    return rests;
  },
);

const sorted = (model: Iterable<string>) => [...model].sort();
const without = (a: Model, b: Model) => sorted([...a].filter((output) => !b.has(output)));

Deno.test("what is taken is out, and what was not there does not matter", () => {
  fc.assert(fc.property(rests, consumed, (rests, parts) => {
    const expected = without(missing(rests), outputsOf(parts));
    for (const part of parts) takeRest(rests, part);
    assertEquals(sorted(missing(rests)), expected);
    for (const { indexes } of rests.values()) assertEquals(indexes.length > 0, true);
  }));
});

Deno.test("news are what is taken and was missing, and are none a second time", () => {
  fc.assert(fc.property(rests, consumed, (rests, parts) => {
    const before = missing(rests);
    const news = parts.flatMap((part) => newsFor(rests, part) ?? []);
    // A whole index is news as a whole, also where some of its outputs were taken before.
    const isNew = (output: string) => before.has(output);
    assertEquals(sorted([...outputsOf(news)].filter(isNew)), sorted([...outputsOf(parts)].filter(isNew)));
    assertEquals(without(outputsOf(news), outputsOf(parts)), []);
    for (const part of news) takeRest(rests, part);
    assertEquals(parts.map((part) => newsFor(rests, part)), parts.map(() => null));
  }));
});

Deno.test("united rests lack what either lacks, and go their own ways", () => {
  fc.assert(fc.property(rests, rests, consumed, (rests, other, parts) => {
    const [expected, untouched] = [new Set([...missing(rests), ...missing(other)]), sorted(missing(other))];
    uniteRests(rests, other);
    assertEquals(sorted(missing(rests)), sorted(expected));
    for (const part of parts) takeRest(rests, part);
    assertEquals(sorted(missing(other)), untouched);
  }));
});

Deno.test("what is moved is in one place, with what was taken of it", () => {
  fc.assert(fc.property(rests, fc.nat(1), range, (rests, repetition, { start, end }) => {
    const before = missing(rests);
    const to: Rests = new Map();
    const moved = moveRest(rests, to, { repetition, start, end });
    assertEquals(sorted([...missing(rests), ...missing(to)]), sorted(before));
    const parts = [...partsWithin(moved.indexes, 0, INDEXES)];
    assertEquals(parts.reduce((sum, [from, until]) => sum + until - from, 0), countRests(to));
    const taken = takenWithin(moved.taken, { source: 0, repetition, start, end });
    const whole = new Set(
      parts.flatMap((
        [from, until],
      ) => [...outputsOf([{ source: 0, repetition, ranges: [{ start: from, end: until }], partial: [] }])]),
    );
    assertEquals(without(whole, outputsOf(taken ? [taken] : [])), sorted(missing(to)));
  }));
});

Deno.test("forgetting leaves few enough ranges, the latest", () => {
  fc.assert(fc.property(rests, fc.nat(3), (rests, max) => {
    const before = missing(rests);
    const last = [...before].filter((output) => output.startsWith("1."));
    dropLowest(rests, max);
    assertEquals(fragmentsOf(rests) <= max, true, `${fragmentsOf(rests)} > ${max}`);
    assertEquals([...missing(rests)].every((output) => before.has(output)), true);
    if (missing(rests).size > last.length) {
      assertEquals(last.every((output) => missing(rests).has(output)), true);
    }
  }));
});

Deno.test("what was taken since a checkpoint is what is given again", () => {
  fc.assert(fc.property(consumed, consumed, (all, before) => {
    const takings: Takings = new Map();
    for (const part of all) addTaking(takings, part);
    const rests = takenSince(takings, 0, new ConsumedSet(before));
    assertEquals(sorted(missing(rests)), without(outputsOf(all), outputsOf(before)));
  }));
});

Deno.test("a source is begun in the first pass of which something is left", () => {
  const whole = (repetition: number, end: number): ConsumedSource => ({
    source: 0,
    repetition,
    ranges: [{ start: 0, end }],
    partial: [],
  });
  const takings: Takings = new Map();
  for (const part of [whole(0, 7), whole(1, 7), whole(2, 3)]) addTaking(takings, part);
  assertEquals(firstUntaken(takings, 7), 2);
  assertEquals([...takings.keys()], [2]);
  assertEquals(firstUntaken(new Map(), 0), 0);
});
