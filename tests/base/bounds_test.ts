import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  addBounds,
  countWithin,
  gapsWithin,
  isWithin,
  partsWithin,
  removeBounds,
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
