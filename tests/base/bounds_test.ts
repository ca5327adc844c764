import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  addBounds,
  countWithin,
  gapsWithin,
  isWithin,
  partsWithin,
  removeBounds,
  withoutRanges,
} from "../../src/base/bounds.ts";

const LIMIT = 40;
const change = fc.tuple(fc.boolean(), fc.nat(LIMIT), fc.nat(12));

function numbers(ranges: Iterable<[number, number]>): number[] {
  return Array.from(ranges).flatMap(([start, end]) =>
    Array.from({ length: end - start }, (_, i) => start + i)
  );
}

Deno.test("bounds hold what was added and not taken out since, in as few ranges as can be", () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 30 }),
      fc.nat(LIMIT + 12),
      fc.nat(LIMIT + 12),
      (changes, from, to) => {
        const bounds: number[] = [];
        const model = new Set<number>();
        for (const [add, start, length] of changes) {
          if (add) addBounds(bounds, start, start + length);
          else removeBounds(bounds, start, start + length);
          for (let n = start; n < start + length; n++) add ? model.add(n) : model.delete(n);
        }
        for (let i = 1; i < bounds.length; i++) assertEquals(bounds[i - 1] < bounds[i], true, `${bounds}`);
        const all = [...model].sort((a, b) => a - b);
        assertEquals(numbers(partsWithin(bounds, 0, 1_000)), all);
        assertEquals(countWithin(bounds), all.length);
        for (let n = 0; n < LIMIT + 12; n++) assertEquals(isWithin(bounds, n), model.has(n), `${n}`);
        const range = numbers([[from, Math.max(from, to)]]);
        assertEquals(numbers(partsWithin(bounds, from, to)), range.filter((n) => model.has(n)));
        assertEquals(numbers(gapsWithin(bounds, from, to)), range.filter((n) => !model.has(n)));
      },
    ),
    { numRuns: 1_000 },
  );
});

Deno.test("many ranges are taken out in one walk as one by one", () => {
  const sets = fc.array(fc.tuple(fc.nat(80), fc.nat(9)), { maxLength: 25 }).map((list) => {
    const bounds: number[] = [];
    for (const [start, length] of list) addBounds(bounds, start, start + length);
    return bounds;
  });
  fc.assert(
    fc.property(sets, sets, (bounds, others) => {
      const ranges = Array.from({ length: others.length / 2 }, (_, i) => {
        return { start: others[2 * i], end: others[2 * i + 1] };
      });
      const expected = bounds.slice();
      for (const { start, end } of ranges) removeBounds(expected, start, end);
      assertEquals(withoutRanges(bounds, ranges), expected);
    }),
    { numRuns: 1_000 },
  );
});
