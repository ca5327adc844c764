import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FailedPreconditionError, UnavailableError } from "../../src/base/mod.ts";
import type { Element } from "../../src/element/mod.ts";
import { DONE, execute } from "../../src/executor/mod.ts";
import { checkNode, type GraphNode } from "../../src/graph/mod.ts";
import { map, numbers } from "./operator_table.ts";
import { pieces, SharedSplits } from "./split_supply.ts";
import { fromArray, fromGenerator, range, run, runSync, testContext } from "./support.ts";

const repeat = (input: GraphNode, count: number) => checkNode({ op: "repeat", inputs: [input], count });
const zip = (...inputs: GraphNode[]) => checkNode({ op: "zip", inputs });
const sorted = (elements: Element[]) => numbers(elements).sort((a, b) => a - b);

Deno.test("sources read the splits they get, whether these come at once or later", async () => {
  const tensor = { dtype: "int8" as const, shape: [5, 1], data: new Int8Array([0, 1, 2, 3, 4]) };
  const sources: [string, GraphNode, Element[]][] = [
    ["range", range(5), [0, 1, 2, 3, 4]],
    ["fromArray", fromArray(["a", "b", "c", "d", "e"]), ["a", "b", "c", "d", "e"]],
    [
      "fromTensorSlices",
      checkNode({ op: "fromTensorSlices", inputs: [], tensor }),
      runSync(
        checkNode({ op: "fromTensorSlices", inputs: [], tensor }),
      ),
    ],
    [
      "random",
      checkNode({ op: "random", inputs: [], seed: 3 }),
      runSync(
        checkNode({ op: "take", inputs: [checkNode({ op: "random", inputs: [], seed: 3 })], count: 5 }),
      ),
    ],
  ];
  for (const [name, node, expected] of sources) {
    for (const later of [false, true]) {
      const splits = new SharedSplits([[{ start: 3, end: 5 }, { start: 1, end: 1 }, { start: 0, end: 2 }]]);
      const elements = await run(node, { splits: splits.supply({ later }) });
      assertEquals(elements, [3, 4, 0, 1].map((index) => expected[index]), name);
    }
  }
});

Deno.test("listFiles takes the names from its splits", async () => {
  const node = checkNode({ op: "listFiles", inputs: [], patterns: ["*.txt"], shuffle: false, seed: null });
  const splits = new SharedSplits([[{ start: 4, end: 6, names: ["e.txt", "f.txt"] }]]);
  assertEquals(await run(node, { splits: splits.supply() }), ["e.txt", "f.txt"]);
});

Deno.test("whoever gets the split of a generator runs all of it", async () => {
  const node = fromGenerator(() => [1, 2, 3]);
  const splits = new SharedSplits([[{ start: 0, end: 1 }]]);
  const [first, second] = [splits.supply({ later: true }), splits.supply({ later: true })];
  assertEquals(await Promise.all([run(node, { splits: first }), run(node, { splits: second })]), [
    [1, 2, 3],
    [],
  ]);
});

Deno.test("workers together see each element once in each repetition", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(20),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      async (n, w, r) => {
        const splits = new SharedSplits([pieces(n, 2)]);
        const node = repeat(map(range(n), (x: number) => Promise.resolve(x)), r);
        const shares = await Promise.all(
          Array.from({ length: w }, () => run(node, { splits: splits.supply({ later: true }) })),
        );
        const expected = Array.from({ length: r }, () => [...Array(n).keys()]).flat();
        assertEquals(sorted(shares.flat()), sorted(expected));
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("an endless repeat goes on after an empty pass, because others may have taken all of it", async () => {
  const splits = new SharedSplits([pieces(4, 4)]);
  const other = splits.supply();
  assertEquals(runSync(range(4), { splits: other }), [0, 1, 2, 3]); // Takes all of repetition 0.
  const iterator = execute(repeat(range(4), -1), testContext({ splits: splits.supply() }));
  assertEquals([0, 1, 2, 3].map(() => iterator.next()), [0, 1, 2, 3]);
  await iterator.close();
});

Deno.test("an endless repeat of sources known to be empty ends", () => {
  const splits = new SharedSplits([[]]);
  assertEquals(runSync(repeat(range(0), -1), { splits: splits.supply({ empty: true }) }), []);
});

Deno.test("a repetition begins again for the longer input of a zip, too", () => {
  const splits = new SharedSplits([pieces(3, 1), pieces(10, 1)]);
  const elements = runSync(repeat(zip(range(3), range(10)), 2), { splits: splits.supply() });
  assertEquals(elements, [[0, 0], [1, 1], [2, 2], [0, 0], [1, 1], [2, 2]]);
});

Deno.test("each use of a shared source has an index of its own", () => {
  const shared = range(2);
  const splits = new SharedSplits([pieces(2, 1), [{ start: 1, end: 2 }]]);
  assertEquals(runSync(zip(shared, shared), { splits: splits.supply() }), [[0, 1]]);
});

Deno.test("every worker makes all choices of chooseFromDatasets", () => {
  const choose = checkNode({
    op: "chooseFromDatasets",
    inputs: [range(4), fromArray([10, 11]), fromArray([0, 1, 0])],
  });
  const splits = new SharedSplits([pieces(4, 1), pieces(2, 1)]);
  assertEquals(runSync(choose, { splits: splits.supply() }), [0, 10, 1]);
});

Deno.test("datasets made by user functions are not split", () => {
  const splits = new SharedSplits([pieces(2, 1)]);
  const node = checkNode({
    op: "groupByWindow",
    inputs: [range(2)],
    key: { kind: "inline", source: "() => 0", captures: null },
    reduce: { kind: "inline", source: "(key, window) => window", captures: null },
    size: 5,
  });
  assertEquals(runSync(node, { splits: splits.supply() }), [0, 1]);
});

Deno.test("a cache keeps the share of its own pipeline only", () => {
  const node = repeat(checkNode({ op: "cache", inputs: [range(4)] }), 2);
  const splits = new SharedSplits([pieces(4, 2)]);
  const first = splits.supply();
  assertEquals(runSync(node, { splits: first }), [0, 1, 2, 3, 0, 1, 2, 3]);
  assertEquals(splits.asked.every(({ repetition }) => repetition === 0), true);
  assertEquals(runSync(node, { splits: splits.supply() }), []);
  assertEquals(runSync(node), [0, 1, 2, 3, 0, 1, 2, 3]);
});

Deno.test("a supply that fails is told to the reader, and no operator skips that", async () => {
  for (const later of [false, true]) {
    const error = new UnavailableError("Cannot get a split: the dispatcher is away");
    const next = () => {
      if (later) return Promise.reject(error);
      throw error;
    };
    const node = checkNode({ op: "ignoreErrors", inputs: [range(3)], log: false });
    const iterator = execute(node, testContext({ splits: { next, isEmpty: () => false } }));
    assertStrictEquals(await assertRejects(async () => await iterator.next()), error);
    await iterator.close();
    assertStrictEquals(iterator.next(), DONE);
  }
});

Deno.test("a split that the source does not have is refused", () => {
  const splits = new SharedSplits([[{ start: 2, end: 9 }]]);
  const error = assertThrows(() => runSync(range(5), { splits: splits.supply() }), FailedPreconditionError);
  assert(error.message.includes("Cannot read split 2 to 9"));
});
