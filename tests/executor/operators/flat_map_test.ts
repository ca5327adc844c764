import { assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../../src/base/mod.ts";
import { DONE, execute } from "../../../src/executor/mod.ts";
import { checkNode, type GraphNode, type UserFunction } from "../../../src/graph/mod.ts";
import { batch, map } from "../operator_table.ts";
import { probe } from "../probe.ts";
import { datasetOf, fn, fromArray, range, run, runSync, runWithErrors, testContext } from "../support.ts";

const flatMap = (live: UserFunction, input: GraphNode = range(3)) =>
  checkNode({ op: "flatMap", inputs: [input], fn: fn(live) });

Deno.test("flatMap takes arrays, sets, strings, typed arrays, generators and datasets, and promises of them", async () => {
  assertEquals(runSync(flatMap((x) => [x, x])), [0, 0, 1, 1, 2, 2]);
  assertEquals(runSync(flatMap((x) => new Set([x, 9]))), [0, 9, 1, 9, 2, 9]);
  assertEquals(runSync(flatMap(() => "ab", range(1))), ["a", "b"]);
  assertEquals(runSync(flatMap(() => new Uint8Array([5, 6]), range(1))), [5, 6]);
  assertEquals(
    runSync(flatMap(function* (x) {
      yield x;
    })),
    [0, 1, 2],
  );
  assertEquals(runSync(flatMap((x) => datasetOf(range(x)))), [0, 0, 1]);
  assertEquals(await run(flatMap((x) => Promise.resolve([x]))), [0, 1, 2]);
  assertEquals(await run(flatMap((x) => Promise.resolve(datasetOf(range(x))))), [0, 0, 1]);
});

Deno.test("flatMap refuses anything else with its kind, at its place", async () => {
  for (
    const [value, kind] of [[5, "5"], [null, "null"], [undefined, "undefined"], [
      { a: 1 },
      "a Object",
    ]] as const
  ) {
    assertThrows(
      () => runSync(flatMap(() => value)),
      InvalidArgumentError,
      `Cannot flatMap element 0: the function gave ${kind}, not a dataset or an iterable`,
    );
  }
  assertEquals(await runWithErrors(flatMap((x) => x === 1 ? 1 : [x])), [
    0,
    "InvalidArgumentError: Cannot flatMap element 1: the function gave 1, not a dataset or an iterable",
    2,
  ]);
});

Deno.test("flatMap names the input element for errors of the function and of what it gave", async () => {
  const items = await runWithErrors(flatMap((x) => {
    if (x === 0) throw new Error("at once");
    return (function* () {
      yield x;
      if (x === 1) throw new Error("later");
    })();
  }));
  assertEquals(items, [
    "InternalError: Cannot flatMap element 0: at once",
    1,
    "InternalError: Cannot flatMap element 1: later",
    2,
  ]);
  assertEquals(await runWithErrors(flatMap((x) => [x === 1 ? undefined : x])), [
    0,
    "InvalidArgumentError: Cannot flatMap element 1: cannot use undefined as an element",
    2,
  ]);
});

Deno.test("errors inside a dataset that flatMap was given pass unchanged", async () => {
  const failing = (x: number) =>
    datasetOf(map(range(2), (y: number) => {
      if (x === 1 && y === 0) throw new Error("inner");
      return x * 10 + y;
    }));
  assertEquals(await runWithErrors(flatMap(failing)), [
    0,
    1,
    "InternalError: Cannot map element 0: inner",
    11,
    20,
    21,
  ]);
});

Deno.test("a dataset that cannot start fails its element only", async () => {
  const hinted = checkNode({ op: "shard", inputs: [range(4)], num: -1, index: -1 });
  const items = await runWithErrors(flatMap((x) => datasetOf(x === 1 ? hinted : range(1))));
  assertEquals(items.length, 3);
  assertEquals([items[0], items[2]], [0, 0]);
});

Deno.test("flatMap closes each inner dataset: when it has ended, and when the reader leaves", async () => {
  const inner = [probe([1]), probe([2], "async", true)];
  const short = (x: number) => datasetOf(checkNode({ op: "zip", inputs: [fromArray([7]), inner[x].node] }));
  const iterator = execute(flatMap(short, range(2)), testContext());
  assertEquals(await iterator.next(), [7, 1]);
  assertEquals(inner[0].counts.closed, 0);
  assertEquals(await iterator.next(), [7, 2]);
  assertEquals(inner[0].counts.closed, 1);
  await iterator.close();
  assertEquals(inner[1].counts.closed, 1);
});

Deno.test("an inner dataset that is opened while the reader leaves is closed", async () => {
  const { node, counts } = probe([1]);
  const opening = Promise.withResolvers<object>();
  const iterator = execute(flatMap(() => opening.promise), testContext());
  const waiting = iterator.next();
  await iterator.close();
  opening.resolve(datasetOf(node));
  assertEquals(await waiting, DONE);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  assertEquals(counts.begun, counts.closed);
});

Deno.test("100,000 empty inner datasets in a row need no stack", async () => {
  assertEquals(runSync(flatMap(() => [], range(100_000))), []);
  const filtered = checkNode({ op: "filter", inputs: [range(100_000)], fn: fn(() => false) });
  assertEquals(runSync(filtered), []);
  assertEquals(
    await run(flatMap((x) => x % 1_000 ? [] : Promise.resolve([x]), range(10_000))).then((a) => a.length),
    10,
  );
  assertEquals(runSync(batch(filtered, 2)), []);
});
