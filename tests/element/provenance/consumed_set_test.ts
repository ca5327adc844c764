import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DataLossError } from "../../../src/base/mod.ts";
import { ConsumedSet, decodeConsumed, encodeConsumed, NO_MORE_OFFSETS } from "../../../src/element/mod.ts";
import { apply, changes, listed, model, setOf } from "./support.ts";

Deno.test("a set holds what was consumed, whatever came first", () => {
  fc.assert(
    fc.property(changes, changes, (list, more) => {
      const set = setOf(list);
      assertEquals(listed(set.sources()), model(list));
      assertEquals(set.isEmpty, list.every((change) => change.kind !== "end" && change.start >= change.end));
      assert(setOf(list.toReversed()).equals(set));
      const other = setOf(more);
      const both = set.copy();
      both.unite(other);
      assertEquals(listed(both.sources()), model([...list, ...more]));
      other.unite(set.sources());
      assert(other.equals(both));
      assertEquals(listed(set.sources()), model(list), "a copy goes its own way");
    }),
    { numRuns: 500 },
  );
});

Deno.test("what is taken out is not there any more, and nothing else is missing", () => {
  fc.assert(
    fc.property(changes, changes, changes, (list, out, more) => {
      const set = setOf(list);
      set.remove(setOf(out));
      const expected = model(list).difference(model(out));
      assertEquals(listed(set.sources()), expected);
      assertEquals(set.isEmpty, expected.size === 0);
      assert(decodeConsumed(encodeConsumed(set)).equals(set));
      set.unite(setOf(more));
      assertEquals(listed(set.sources()), expected.union(model(more)));
    }),
    { numRuns: 500 },
  );
});

Deno.test("what is listed is in order, disjoint, and whole or partial but not both", () => {
  fc.assert(
    fc.property(changes, (list) => {
      const sources = setOf(list).sources();
      sources.forEach(({ source, repetition, ranges, partial }, i) => {
        const before = sources[i - 1];
        if (before) {
          assert(
            before.source < source || (before.source === source && before.repetition < repetition),
          );
        }
        assert(ranges.length + partial.length > 0);
        partial.forEach(({ index, offsets }, at) => {
          assert(at === 0 || partial[at - 1].index < index);
          assert(offsets.length > 0);
          assert(!ranges.some(({ start, end }) => start <= index && index < end));
        });
      });
    }),
    { numRuns: 300 },
  );
});

Deno.test("an index is whole once its last output is there and its end is known", () => {
  const set = new ConsumedSet();
  set.addOffsets(0, 0, 5, 3, NO_MORE_OFFSETS);
  set.addOffsets(0, 0, 5, 1, 3);
  assertEquals([...set.of(0, 0)!.ranges.ranges()], []);
  assertEquals(set.of(0, 0)!.partial.get(5)?.has(0), false);
  set.addOffsets(0, 0, 5, 0, 1);
  assertEquals(set.sources(), [{ source: 0, repetition: 0, ranges: [{ start: 5, end: 6 }], partial: [] }]);
  set.addOffsets(0, 0, 5, 0, 1);
  assertEquals(set.of(0, 0)!.partial.size, 0);
  assertEquals(set.of(0, 1), undefined);
  set.clear();
  assert(set.isEmpty);
});

Deno.test("bytes give the same set again, and equal sets have equal bytes", () => {
  fc.assert(
    fc.property(changes, (list) => {
      const set = setOf(list);
      const bytes = encodeConsumed(set);
      assert(decodeConsumed(bytes).equals(set));
      assertEquals(encodeConsumed(setOf(list.toReversed()).sources()), bytes);
    }),
    { numRuns: 500 },
  );
});

Deno.test("the bytes are those of the specification", () => {
  assertEquals(encodeConsumed([]), new Uint8Array());
  const set = new ConsumedSet();
  set.add(0, 3, 0, 1000);
  set.add(0, 3, 1002, 1003);
  set.addOffsets(1, 0, 4, 0, 7);
  set.addOffsets(1, 0, 4, 9, NO_MORE_OFFSETS);
  assertEquals([...encodeConsumed(set)], [
    ...[0, 3, 2, 0, 0xe8, 7, 2, 1, 0],
    ...[1, 0, 0, 1, 4, 5, 0, 7, 2],
  ]);
});

Deno.test("large numbers survive", () => {
  const set = new ConsumedSet();
  const large = Number.MAX_SAFE_INTEGER;
  set.add(2 ** 31, large, 2 ** 40, large - 1);
  set.addOffsets(2 ** 31, large, 5, 2 ** 45, 2 ** 45 + 1);
  assert(decodeConsumed(encodeConsumed(set)).equals(set));
});

Deno.test("bytes that are damaged give DataLossError, or a set whose bytes they are", () => {
  const decodeOrRefuse = (bytes: Uint8Array) => {
    try {
      assertEquals(encodeConsumed(decodeConsumed(bytes)).length <= bytes.length, true);
    } catch (error) {
      if (!(error instanceof DataLossError)) throw error;
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), decodeOrRefuse), { numRuns: 3_000 });
  fc.assert(
    fc.property(fc.array(fc.nat(3), { maxLength: 30 }), (bytes) => decodeOrRefuse(Uint8Array.from(bytes))),
    { numRuns: 3_000 },
  );
  fc.assert(
    fc.property(changes, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, place, flip) => {
      const bytes = encodeConsumed(setOf(list));
      for (let end = 0; end < bytes.length; end++) decodeOrRefuse(bytes.subarray(0, end));
      if (bytes.length > 0) bytes[place % bytes.length] ^= flip;
      decodeOrRefuse(bytes);
    }),
    { numRuns: 300 },
  );
});

Deno.test("what contradicts itself is refused", () => {
  const refused = {
    "cut off": [0, 0, 1],
    "a pass twice": [0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0],
    "sources out of order": [1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0],
    "an empty pass": [0, 0, 0, 0],
    "an empty range": [0, 0, 1, 3, 0, 0],
    "ranges that touch": [0, 0, 2, 0, 1, 0, 1, 0],
    "a partial index that is whole": [0, 0, 1, 0, 2, 1, 1, 2, 0, 1],
    "an index without outputs": [0, 0, 0, 1, 1, 0],
    "an index that became whole": [0, 0, 0, 1, 1, 3, 0],
    "a number that is too long": [0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 1, 0],
  };
  for (const [why, bytes] of Object.entries(refused)) {
    assertThrows(() => decodeConsumed(Uint8Array.from(bytes)), DataLossError, undefined, why);
  }
});

Deno.test("a long range drops the partial indexes inside it", () => {
  const set = new ConsumedSet();
  for (let index = 0; index < 10; index++) apply(set, { ...at(index), kind: "offsets", start: 1, end: 2 });
  set.add(0, 0, 0, 4);
  assertEquals([...set.of(0, 0)!.partial.keys()], [4, 5, 6, 7, 8, 9]);
  set.add(0, 0, 6, 1_000_000_000_000);
  assertEquals([...set.of(0, 0)!.partial.keys()], [4, 5]);
});

function at(index: number) {
  return { source: 0, repetition: 0, index };
}
