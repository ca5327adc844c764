import { assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../../src/base/mod.ts";
import type { Element } from "../../../src/element/mod.ts";
import { checkNode, type GraphNode, type UserFunction } from "../../../src/graph/mod.ts";
import { batch, map } from "../operator_table.ts";
import { probe } from "../probe.ts";
import { datasetOf, fn, fromArray, range, run, runSync, runWithErrors } from "../support.ts";

interface Windows {
  size?: number;
  shift?: number;
  stride?: number;
  dropRemainder?: boolean;
}

function window(
  stop: number,
  { size = 3, shift = 3, stride = 1, dropRemainder = false }: Windows,
): Element[] {
  return runSync(checkNode({ op: "window", inputs: [range(stop)], size, shift, stride, dropRemainder }));
}

const scan = (live: UserFunction, input: GraphNode = range(4)) =>
  checkNode({ op: "scan", inputs: [input], init: 0, fn: fn(live) });

interface Grouping {
  key?: UserFunction;
  reduce?: UserFunction;
  size?: number | UserFunction;
}

function group(
  input: GraphNode,
  { key = (x) => x % 3, reduce = (_, items) => items, size = 2 }: Grouping,
): GraphNode {
  return checkNode({
    op: "groupByWindow",
    inputs: [input],
    key: fn(key),
    reduce: fn(reduce),
    size: typeof size === "number" ? size : fn(size),
  });
}

Deno.test("batch joins by kind, keeps or drops the rest", () => {
  assertEquals(runSync(batch(range(5), 2)), [
    new Float64Array([0, 1]),
    new Float64Array([2, 3]),
    new Float64Array([4]),
  ]);
  assertEquals(runSync(batch(fromArray(["a", "b"]), 2)), [["a", "b"]]);
  assertEquals(
    runSync(checkNode({ op: "batch", inputs: [range(5)], size: 2, dropRemainder: true })).length,
    2,
  );
});

Deno.test("batch loses nothing to an error but the element that failed", async () => {
  const failing = map(range(5), (x: number) => {
    if (x === 1) throw new Error("one");
    return x;
  });
  assertEquals(await runWithErrors(batch(failing, 3)), [
    "InternalError: Cannot map element 1: one",
    new Float64Array([0, 2, 3]),
    new Float64Array([4]),
  ]);
});

Deno.test("a batch that cannot be joined is told, and the next one comes", async () => {
  const shapes = fromArray([new Uint8Array(2), new Uint8Array(3), new Uint8Array(1), new Uint8Array(1)]);
  const [error, joined] = await runWithErrors(batch(shapes, 2));
  assertEquals(String(error).startsWith("InvalidArgumentError"), true);
  assertEquals(joined, { dtype: "uint8", shape: [2, 1], data: new Uint8Array(2) });
});

Deno.test("paddedBatch pads to the longest of the batch", () => {
  const node = checkNode({
    op: "paddedBatch",
    inputs: [fromArray([new Int32Array([1]), new Int32Array([2, 3])])],
    size: 2,
    dropRemainder: false,
    paddedShapes: null,
    paddingValues: null,
  });
  assertEquals(runSync(node), [{ dtype: "int32", shape: [2, 2], data: new Int32Array([1, 0, 2, 3]) }]);
});

Deno.test("unbatch refuses what is no batch and goes on with the next", async () => {
  const node = checkNode({
    op: "unbatch",
    inputs: [fromArray([new Float64Array([1, 2]), 5, new Float64Array([3])])],
  });
  const items = await runWithErrors(node);
  assertEquals([items[0], items[1], items[3]], [1, 2, 3]);
  assertEquals(String(items[2]).startsWith("InvalidArgumentError"), true);
});

Deno.test("windows follow each other by shift and stride as in tf.data", () => {
  assertEquals(window(7, {}), [[0, 1, 2], [3, 4, 5], [6]]);
  assertEquals(window(7, { dropRemainder: true }), [[0, 1, 2], [3, 4, 5]]);
  assertEquals(window(5, { shift: 1 }), [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4], [4]]);
  assertEquals(window(7, { shift: 1, stride: 2, dropRemainder: true }), [[0, 2, 4], [1, 3, 5], [2, 4, 6]]);
  assertEquals(window(7, { size: 2, shift: 4 }), [[0, 1], [4, 5]]);
  assertEquals(window(0, {}), []);
});

Deno.test("scan carries its state, and a call that fails leaves it as it was", async () => {
  const live = (state: number, x: number) => {
    if (x === 2) throw new Error("two");
    return [state + x, [state, x]];
  };
  assertEquals(await runWithErrors(scan(live)), [
    [0, 0],
    [0, 1],
    "InternalError: Cannot scan element 2: two",
    [1, 3],
  ]);
  assertEquals(await run(scan((state, x) => Promise.resolve([x, state]))), [0, 0, 1, 2]);
});

Deno.test("scan refuses a result that is no pair, and an output that is no element", () => {
  assertThrows(
    () => runSync(scan(() => 5)),
    InvalidArgumentError,
    "the function must give [state, output], got 5",
  );
  assertThrows(() => runSync(scan(() => [1, undefined])), InvalidArgumentError, "Cannot scan element 0");
});

Deno.test("takeWhile frees its input as soon as it has ended", async () => {
  for (const pace of ["sync", "async"] as const) {
    const { node, counts } = probe([1, 2, 9, 1], pace);
    const live = (x: number) => pace === "sync" ? x < 5 : Promise.resolve(x < 5);
    assertEquals(await run(checkNode({ op: "takeWhile", inputs: [node], fn: fn(live) })), [1, 2]);
    assertEquals(counts, { begun: 1, pulled: 3, closed: 1 });
  }
});

Deno.test("groupByWindow gives full windows as they fill, then the rest in the order of the keys", () => {
  assertEquals(runSync(group(fromArray([5, 0, 1, 3, 4, 2, 9]), {})), [0, 3, 1, 4, 5, 2, 9]);
  assertEquals(runSync(group(fromArray([2, 1, 0]), { size: 5 })), [0, 1, 2]);
  assertEquals(runSync(group(fromArray(["b1", "a1", "b2"]), { key: (x) => x[0], size: 5 })), [
    "b1",
    "b2",
    "a1",
  ]);
});

Deno.test("groupByWindow gives reduce the key and the window, and takes datasets and arrays of it", async () => {
  const reduce = (key: number, items: object) => {
    assertEquals(typeof items, "object");
    return [key];
  };
  assertEquals(runSync(group(range(6), { reduce })), [0, 1, 2]);
  assertEquals(await run(group(range(6), { reduce: (key) => Promise.resolve(datasetOf(range(key))) })), [
    0,
    0,
    1,
  ]);
});

Deno.test("the size of a window may depend on its key", async () => {
  const reduce = (key: number, items: object) => key === 0 ? items : [-1];
  const node = group(range(8), {
    key: (x) => x % 2,
    size: (key) => Promise.resolve(key === 0 ? 4 : 1),
    reduce,
  });
  assertEquals(await run(node), [-1, -1, -1, 0, 2, 4, 6, -1]);
  assertThrows(
    () => runSync(group(range(1), { size: () => 0 })),
    InvalidArgumentError,
    "Cannot groupByWindow element 0: the window's size must be a whole number >= 1, got 0",
  );
});

Deno.test("keys are equal by value, and of any kind", () => {
  const key = (x: number) => [x % 2, { even: x % 2 === 0 }];
  assertEquals(runSync(group(range(4), { key })), [0, 2, 1, 3]);
  assertEquals(runSync(group(range(4), { key: (x) => x % 2 ? null : "null" })), [0, 2, 1, 3]);
});

Deno.test("errors of key and reduce name the element, and grouping goes on", async () => {
  const key = (x: number) => {
    if (x === 1) throw new Error("no key");
    return 0;
  };
  assertEquals(await runWithErrors(group(range(4), { key })), [
    "InternalError: Cannot groupByWindow element 1: no key",
    0,
    2,
    3,
  ]);
  const reduce = (key: number, items: object) => {
    if (key === 0) throw new Error("no window");
    return items;
  };
  assertEquals(await runWithErrors(group(range(4), { key: (x) => x % 2, reduce })), [
    "InternalError: Cannot groupByWindow element 2: no window",
    1,
    3,
  ]);
});

Deno.test("buckets hold elements of like length and are padded", async () => {
  const bucket = (live: UserFunction, dropRemainder = false) =>
    checkNode({
      op: "bucketBySequenceLength",
      inputs: [map(fromArray([1, 5, 2, 6, 3]), (n: number) => new Uint8Array(n).fill(n))],
      length: fn(live),
      boundaries: [3, 6],
      batchSizes: [2, 2, 2],
      dropRemainder,
      paddedShapes: null,
      paddingValues: null,
    });
  const shapes = (elements: Element[]) => elements.map((element) => (element as { shape: number[] }).shape);
  assertEquals(shapes(runSync(bucket((x) => x.length))), [[2, 2], [2, 5], [1, 6]]);
  assertEquals(shapes(await run(bucket((x) => Promise.resolve(x.length), true))), [[2, 2], [2, 5]]);
  assertThrows(
    () => runSync(bucket(() => "long")),
    InvalidArgumentError,
    'the length must be a number, got "long"',
  );
});
