import { assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { SeededRandom } from "../../../src/base/mod.ts";
import { checkNode, type GraphNode } from "../../../src/graph/mod.ts";
import { numbers } from "../operator_table.ts";
import { range, run, runSync, testContext } from "../support.ts";

function shuffle(
  bufferSize: number,
  seed: number | null,
  reshuffleEachIteration = true,
  input = range(10),
): GraphNode {
  return checkNode({ op: "shuffle", inputs: [input], bufferSize, seed, reshuffleEachIteration });
}

const repeat = (input: GraphNode, count: number) => checkNode({ op: "repeat", inputs: [input], count });

// Users rely on these orders: an experiment that names its seed must repeat with the next release. Do not change
// them; a better shuffle needs an option of its own.
Deno.test("the order of a seed is what it always was", () => {
  assertEquals(runSync(shuffle(10, 42)), [7, 6, 4, 8, 3, 1, 0, 9, 2, 5]);
  assertEquals(runSync(shuffle(3, 42)), [2, 3, 1, 5, 4, 0, 7, 6, 9, 8]);
  assertEquals(runSync(shuffle(10, 42), { epoch: 1 }), [3, 8, 2, 0, 5, 9, 6, 1, 7, 4]);
  assertEquals(runSync(repeat(shuffle(10, 42), 2)).slice(10), [3, 7, 6, 0, 9, 2, 8, 4, 1, 5]);
});

Deno.test("shuffle gives each element once, none further ahead than its buffer", () => {
  fc.assert(
    fc.property(fc.nat(40), fc.integer({ min: 1, max: 50 }), fc.nat(), (stop, size, seed) => {
      const order = numbers(runSync(shuffle(size, seed, true, range(stop))));
      assertEquals([...order].sort((a, b) => a - b), [...Array(stop).keys()]);
      order.forEach((x, index) => assertEquals(x < index + size, true));
    }),
  );
});

Deno.test("reshuffling changes the order with each pass and each epoch", () => {
  const passes = runSync(repeat(shuffle(10, 1), 2));
  assertNotEquals(passes.slice(0, 10), passes.slice(10));
  assertEquals(passes.slice(0, 10), runSync(shuffle(10, 1)));
  assertNotEquals(runSync(shuffle(10, 1), { epoch: 1 }), runSync(shuffle(10, 1)));
  assertEquals(runSync(shuffle(10, 1), { epoch: 1 }), runSync(shuffle(10, 1), { epoch: 1 }));
});

Deno.test("without reshuffling the order is always that of the first pass", () => {
  const first = runSync(shuffle(10, 1));
  assertEquals(runSync(repeat(shuffle(10, 1, false), 2)), [...first, ...first]);
  assertEquals(runSync(shuffle(10, 1, false), { epoch: 5 }), first);
});

Deno.test("an unseeded shuffle without reshuffling keeps its order as long as its dataset lives", async () => {
  const node = shuffle(10, null, false);
  const random = new SeededRandom(9);
  const first = await run(node, { random });
  assertEquals(await run(node, { random, epoch: 1 }), first);
  assertEquals(await run(repeat(node, 2), { random }), [...first, ...first]);
});

Deno.test("an unseeded shuffle takes its seed from the random port", () => {
  const orderOf = (seed: number) =>
    runSync(shuffle(10, null), { ...testContext(), random: new SeededRandom(seed) });
  assertEquals(orderOf(1), orderOf(1));
  assertNotEquals(orderOf(1), orderOf(2));
});
