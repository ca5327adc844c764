import { assertEquals } from "@std/assert";
import { RangeSet } from "../../../src/base/mod.ts";
import { RecentBlocks } from "../../../src/client/core/recent_blocks.ts";
import type { ConsumedSet } from "../../../src/element/mod.ts";
import { indexes } from "./provenance_of.ts";

/** The indexes in a set of one source. */
function listed(set: ConsumedSet): number[] {
  return set.sources().flatMap(({ ranges }) =>
    ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))
  );
}

const settled = (...ranges: [number, number][]) =>
  new RangeSet(ranges.map(([start, end]) => ({ start, end })));

Deno.test("what is not settled is held, of each block its own source elements", () => {
  const blocks = new RecentBlocks();
  blocks.add({ first: 0, count: 3, provenance: indexes(100, 3), skip: 0 });
  blocks.add({ first: 3, count: 0, provenance: indexes(500, 9), skip: 4 });
  blocks.add({ first: 3, count: 2, provenance: indexes(50, 9), skip: 4 });
  const inHand = { first: 5, count: 1, provenance: indexes(7, 3), skip: 0 };
  assertEquals(listed(blocks.held(settled(), inHand)), [7, 54, 55, 100, 101, 102]);
  assertEquals(listed(blocks.held(settled([1, 4]), inHand)), [7, 55, 100]);
  assertEquals(listed(blocks.held(settled([0, 5]), null)), []);
});

Deno.test("blocks of which the program has everything are forgotten, and nobody looks for them too often", () => {
  const blocks = new RecentBlocks();
  let looks = 0;
  for (let i = 0; i < 1_000; i++) {
    blocks.add({ first: i, count: 1, provenance: indexes(i, 1), skip: 0 });
    if (!blocks.areMany) continue;
    looks++;
    blocks.forget(settled([1, i - 3]));
  }
  assertEquals(listed(blocks.held(settled([1, 998]), null)), [0, 998, 999]);
  assertEquals(looks < 1_000 / 8, true, `${looks} looks`);
  const stuck = new RecentBlocks();
  looks = 0;
  for (let i = 0; i < 1_000; i++) {
    stuck.add({ first: i, count: 1, provenance: indexes(i, 1), skip: 0 });
    if (!stuck.areMany) continue;
    looks++;
    stuck.forget(settled());
  }
  assertEquals(looks < 8, true, `${looks} looks`);
});
