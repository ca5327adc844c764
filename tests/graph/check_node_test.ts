import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../src/base/mod.ts";
import { checkNode, type GraphNode, inlineFunction, SHARD_HINT } from "../../src/graph/mod.ts";
import {
  batch,
  dataService,
  range,
  repeat,
  sample,
  shard,
  skip,
  take,
  window,
  zip,
} from "./support/nodes.ts";

const input = range(10);
const fn = inlineFunction((x: unknown) => x);

function refuses(build: () => unknown, message: string): void {
  assertThrows(build, InvalidArgumentError, message);
}

Deno.test("a checked node is the same object, frozen with its inputs", () => {
  const node = { op: "take", inputs: [input], count: 3 } as const;
  assertStrictEquals(checkNode(node), node);
  assertEquals([Object.isFrozen(node), Object.isFrozen(node.inputs)], [true, true]);
});

Deno.test("sizes must be whole numbers from 1 on", () => {
  refuses(() => batch(input, 0), "`size` must be a whole number >= 1, got 0");
  refuses(() => batch(input, 2.5), "`size` must be a whole number >= 1, got 2.5");
  refuses(() => batch(input, "2" as unknown as number), '`size` must be a whole number >= 1, got "2"');
  refuses(() => window(input, [2, 0, 1], false), "`shift` must be a whole number >= 1, got 0");
  refuses(() => window(input, [2, 1, 0], false), "`stride` must be a whole number >= 1, got 0");
});

Deno.test("take, skip and repeat accept -1 and refuse other negative counts", () => {
  for (const build of [take, skip, repeat]) {
    assertEquals(build(input, -1).inputs, [input]);
    assertEquals(build(input, 0).inputs, [input]);
    refuses(() => build(input, -2), "`count` must be a whole number >= -1, got -2");
  }
});

Deno.test("a shard needs an index below its number, or hints", () => {
  assertEquals(shard(input, 5, 4).op, "shard");
  assertEquals(shard(input, SHARD_HINT, SHARD_HINT).op, "shard");
  assertEquals(shard(input, SHARD_HINT, 3).op, "shard");
  refuses(() => shard(input, 0, 0), "`num` must be >= 1 or SHARD_HINT, got 0");
  refuses(() => shard(input, 5, 5), "Index must be between 0 and 4 (currently index = 5)");
  refuses(() => shard(input, 5, SHARD_HINT), "Index must be between 0 and 4 (currently index = -1)");
  refuses(() => shard(input, -3, 0), "`num` must be a whole number >= -1, got -3");
});

Deno.test("a range needs whole ends and a step", () => {
  const of = (start: number, stop: number, step: number) =>
    checkNode({ op: "range", inputs: [], start, stop, step });
  assertEquals(of(0, 2 ** 55, 1).stop, 2 ** 55);
  refuses(() => of(0, 10, 0), "`step` must be a whole number other than 0, got 0");
  refuses(() => of(0, 1.5, 1), "`stop` must be a whole number within 2^63, got 1.5");
  refuses(() => of(0, Infinity, 1), "`stop` must be a whole number within 2^63, got Infinity");
});

Deno.test("weights must fit the datasets and not be all zero", () => {
  const two = [input, range(3)];
  assertEquals(sample(two, [0, 2]).op, "sampleFromDatasets");
  refuses(
    () => sample(two, [1]),
    "`weights` must have as many entries as there are datasets (2), got 1",
  );
  refuses(() => sample(two, [1, -1]), "`weights[1]` must be >= 0, got -1");
  refuses(() => sample(two, [0, 0]), "`weights` must have a sum > 0, got only zeros");
  refuses(() => sample(two, [1, NaN]), "`weights[1]` must be a finite number, got NaN");
});

Deno.test("buckets need ascending boundaries and one batch size more", () => {
  const of = (boundaries: number[], batchSizes: number[]) =>
    checkNode({
      op: "bucketBySequenceLength",
      inputs: [input],
      length: fn,
      boundaries,
      batchSizes,
      dropRemainder: false,
      paddedShapes: null,
      paddingValues: null,
    });
  assertEquals(of([3, 5], [4, 2, 1]).op, "bucketBySequenceLength");
  refuses(() => of([3, 5], [4, 2]), "`batchSizes` must have one entry more than `boundaries` (2), got 2");
  refuses(() => of([5, 5], [4, 2, 1]), "`boundaries` must ascend, got 5 after 5");
  refuses(() => of([3], [4, 0]), "`batchSizes[1]` must be a whole number >= 1, got 0");
});

Deno.test("the number of inputs is checked, and that they are datasets", () => {
  const of = (op: string, ...inputs: unknown[]) => checkNode({ op, inputs } as unknown as GraphNode);
  refuses(() => of("unbatch"), "Cannot build unbatch: it takes 1 datasets, got 0");
  refuses(() => of("zip"), "Cannot build zip: it takes at least 1 datasets, got 0");
  refuses(() => of("chooseFromDatasets", input), "it takes at least 2 datasets, got 1");
  refuses(() => of("unbatch", 7), "Cannot build unbatch: input 0 must be a dataset, got 7");
  refuses(() => of("unbatch", { op: "toString", inputs: [] }), "input 0 must be a dataset");
  refuses(() => of("toString"), '`op` must be the name of an operator, got "toString"');
});

Deno.test("attributes that are missing or unknown are named", () => {
  const take = { op: "take", inputs: [input] };
  refuses(
    () => checkNode(take as unknown as GraphNode),
    "`count` must be a whole number >= -1, got undefined",
  );
  refuses(
    () => checkNode({ ...take, count: 1, size: 2 } as unknown as GraphNode),
    "`size` is no attribute of take",
  );
});

Deno.test("items that are no elements are refused with their place", () => {
  refuses(
    () =>
      checkNode({ op: "fromArray", inputs: [], items: [1, 2, { name: undefined }] as unknown as number[] }),
    "Cannot use undefined as an element: at [2].name",
  );
  refuses(
    () => checkNode({ op: "fromTensorSlices", inputs: [], tensor: 3 }),
    "Cannot slice a number: it has no first axis",
  );
});

Deno.test("options of a service are checked as a record", () => {
  assertEquals(dataService(input).op, "dataService");
  const { options } = dataService(input) as Extract<GraphNode, { op: "dataService" }>;
  const of = (change: object) =>
    checkNode({ op: "dataService", inputs: [input], options: { ...options, ...change } });
  refuses(
    () => of({ shardingPolicy: 6 }),
    "`options.shardingPolicy` must be a whole number from 0 to 5, got 6",
  );
  refuses(() => of({ datasetId: "a" }), "it takes either a dataset or `datasetId`");
  refuses(() => of({ numConsumers: 2 }), "`consumerIndex` and `numConsumers` must be set both or neither");
  refuses(
    () => of({ numConsumers: 2, consumerIndex: 1 }),
    "`jobName` must be set when setting `numConsumers`",
  );
  refuses(
    () => of({ numConsumers: 2, consumerIndex: 2, jobName: "train" }),
    "`consumerIndex` must be below `numConsumers` (2), got 2",
  );
  refuses(() => of({ speed: 1 }), '`options` has no field "speed"');
});

Deno.test("functions must be references", () => {
  const of = (fn: unknown) => checkNode({ op: "filter", inputs: [input], fn } as GraphNode);
  refuses(() => of((x: unknown) => x), "`fn` must be a function");
  refuses(() => of({ ...fn, source: "" }), "`fn.source` must not be empty");
  refuses(() => of({ ...fn, extra: 1 }), '`fn` has no field "extra"');
  refuses(() => of({ ...fn, captures: undefined }), "Cannot use undefined as `fn.captures`");
  refuses(
    () => of({ kind: "module", url: "file:///a.ts", exportName: "f", captures: null, hash: "abc" }),
    "`fn.hash` must be null or SHA-256 in hex",
  );
});

Deno.test("zip keeps its inputs in order", () => {
  const other = range(3);
  assertEquals(zip(other, input).inputs, [other, input]);
});
