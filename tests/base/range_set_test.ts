import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { RangeSet } from "../../src/base/range_set.ts";

/** Pages so small that a few ranges fill several. */
const pageBounds = 4;

const ranges = fc.array(
  fc.tuple(fc.nat(60), fc.nat(12)).map(([start, length]) => ({ start, end: start + length })),
  { maxLength: 30 },
);

/** The dumb twin: every number by itself. */
function model(added: { start: number; end: number }[]): Set<number> {
  const numbers = new Set<number>();
  for (const { start, end } of added) for (let n = start; n < end; n++) numbers.add(n);
  return numbers;
}

Deno.test("a range set holds what was added, in as few ranges as can be", () => {
  fc.assert(
    fc.property(ranges, (added) => {
      const set = new RangeSet(added, { pageBounds });
      const expected = model(added);
      assertEquals(set.size, expected.size);
      for (let n = 0; n < 80; n++) assertEquals(set.has(n), expected.has(n), `${n}`);
      const listed = [...set.ranges()];
      assertEquals(listed.length, set.fragments);
      listed.forEach(({ start, end }, i) => {
        assertEquals(start < end, true);
        if (i > 0) assertEquals(listed[i - 1].end < start, true, "ranges neither overlap nor touch");
      });
      assertEquals([...model(listed)].toSorted((a, b) => a - b), [...expected].toSorted((a, b) => a - b));
    }),
    { numRuns: 500 },
  );
});

Deno.test("gaps are what is missing, and nothing else", () => {
  fc.assert(
    fc.property(ranges, fc.nat(70), fc.nat(70), (added, start, end) => {
      const set = new RangeSet(added, { pageBounds });
      const missing = model([...set.gaps(start, end)]);
      for (let n = 0; n < 90; n++) {
        assertEquals(
          missing.has(n),
          n >= start && n < end && !set.has(n),
          `${n} between ${start} and ${end}`,
        );
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("what is added in order stays one range", () => {
  const set = new RangeSet();
  for (let n = 0; n < 1000; n++) set.add(n, n + 1);
  assertEquals([...set.ranges()], [{ start: 0, end: 1000 }]);
});

Deno.test("a copy goes its own way", () => {
  const set = new RangeSet([{ start: 0, end: 2 }]);
  const copy = set.copy();
  copy.add(2, 3);
  assertEquals([set.size, copy.size], [2, 3]);
});

Deno.test("numbers come and go, whatever lies in several pages", () => {
  const changes = fc.array(
    fc.record({ add: fc.boolean(), start: fc.nat(120), length: fc.oneof(fc.nat(3), fc.nat(60)) }),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(changes, fc.constantFrom(4, 6, 512), (list, pageBounds) => {
      const set = new RangeSet([], { pageBounds });
      const expected = new Set<number>();
      for (const { add, start, length } of list) {
        if (add) set.add(start, start + length);
        else set.remove(start, start + length);
        for (let n = start; n < start + length; n++) add ? expected.add(n) : expected.delete(n);
      }
      const listed = [...set.ranges()];
      assertEquals(model(listed), expected);
      assertEquals([set.size, set.fragments], [expected.size, listed.length]);
      for (let i = 1; i < listed.length; i++) assertEquals(listed[i - 1].end < listed[i].start, true);
      assertEquals([...set.copy().ranges()], listed);
    }),
    { numRuns: 1_000 },
  );
});
