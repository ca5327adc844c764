import { assertEquals } from "@std/assert";
import { checkNode, type GraphNode, type OpName, orderOf } from "../../src/graph/mod.ts";
import {
  batch,
  choose,
  concatenate,
  dataService,
  filter,
  flatMap,
  fromArray,
  listFiles,
  map,
  prefetch,
  range,
  readFiles,
  repeat,
  sample,
  shard,
  shuffle,
  skip,
  take,
  window,
  withOptions,
  zip,
} from "./support/nodes.ts";
import {
  bucket,
  cache,
  enumerate,
  fromGenerator,
  fromTensorSlices,
  groupByWindow,
  ignoreErrors,
  interleave,
  paddedBatch,
  parallelMap,
  random,
  rebatch,
  scan,
  takeWhile,
  tfDataService,
  unbatch,
} from "./support/more_nodes.ts";

const NUMBERS = range(10);

/** Graphs with each operator, and whether their order is always the same. */
const CASES: { readonly [O in OpName]: readonly (readonly [GraphNode, boolean])[] } = {
  range: [[NUMBERS, true]],
  fromArray: [[fromArray(1, 2), true]],
  fromTensorSlices: [[fromTensorSlices([1, 2]), true]],
  fromGenerator: [[fromGenerator(), true]],
  random: [[random(null), false], [random(1), true]],
  listFiles: [
    [listFiles(["*"]), true],
    [listFiles(["*"], { shuffle: true }), false],
    [listFiles(["*"], { shuffle: true, seed: 0 }), true],
  ],
  readFiles: [[readFiles(listFiles(["*"])), true]],
  dataService: [[dataService(NUMBERS), false], [dataService(null), false]],
  tfDataService: [[tfDataService(), false]],
  map: [
    [map(NUMBERS), true],
    [parallelMap(NUMBERS, null), true],
    [parallelMap(NUMBERS, true), true],
    [parallelMap(NUMBERS, false), false],
  ],
  filter: [[filter(NUMBERS), true]],
  flatMap: [[flatMap(NUMBERS), true]],
  interleave: [
    [interleave(NUMBERS), true],
    [interleave(NUMBERS, { parallel: 2 }), true],
    [interleave(NUMBERS, { parallel: 2, deterministic: false }), false],
    [interleave(NUMBERS, { parallel: 1, deterministic: false }), true],
  ],
  batch: [[batch(NUMBERS, 3), true]],
  paddedBatch: [[paddedBatch(NUMBERS), true]],
  unbatch: [[unbatch(NUMBERS), true]],
  rebatch: [[rebatch(NUMBERS), true]],
  shuffle: [[shuffle(NUMBERS, 3), false], [shuffle(NUMBERS, 3, 0), true]],
  repeat: [[repeat(NUMBERS), true], [repeat(shuffle(NUMBERS, 3)), false]],
  take: [[take(NUMBERS, 3), true]],
  skip: [[skip(NUMBERS, 3), true]],
  shard: [[shard(NUMBERS, 3, 1), true]],
  prefetch: [[prefetch(NUMBERS), true]],
  cache: [[cache(NUMBERS), true]],
  enumerate: [[enumerate(NUMBERS), true]],
  takeWhile: [[takeWhile(NUMBERS), true]],
  window: [[window(NUMBERS, [2, 2, 1], false), true]],
  scan: [[scan(NUMBERS), true]],
  concatenate: [[concatenate(NUMBERS, random(1)), true], [concatenate(NUMBERS, random(null)), false]],
  zip: [[zip(NUMBERS, NUMBERS), true]],
  sampleFromDatasets: [[sample([NUMBERS]), false]],
  chooseFromDatasets: [[choose(NUMBERS, NUMBERS, fromArray(1, 0)), true]],
  groupByWindow: [[groupByWindow(NUMBERS), true]],
  bucketBySequenceLength: [[bucket(NUMBERS), true]],
  ignoreErrors: [[ignoreErrors(NUMBERS), true]],
  options: [
    [withOptions(NUMBERS, false), true],
    [withOptions(parallelMap(NUMBERS, null), false), false],
    [withOptions(parallelMap(NUMBERS, true), false), true],
  ],
};

for (const [op, cases] of Object.entries(CASES)) {
  Deno.test(`order through ${op}`, () => {
    cases.forEach(([graph, isDetermined], i) => {
      assertEquals(orderOf(graph).kind === "deterministic", isDetermined, `case ${i}`);
    });
  });
}

Deno.test("one shared node may have an order here and none there", () => {
  const shared = parallelMap(NUMBERS, null);
  assertEquals(orderOf(concatenate(withOptions(shared, true), withOptions(shared, false))), {
    kind: "undetermined",
    operator: "map",
    reason: "its calls run in parallel and what is ready comes first (`deterministic: false`)",
  });
  assertEquals(orderOf(batch(shuffle(shared, 3), 2)), {
    kind: "undetermined",
    operator: "shuffle",
    reason: "it has no seed",
  });
});

Deno.test("with a seed from outside only what this process keeps is undetermined", () => {
  const kept = (input: GraphNode): GraphNode =>
    checkNode({ op: "shuffle", inputs: [input], bufferSize: 3, seed: null, reshuffleEachIteration: false });
  const seeded = (graph: GraphNode) => {
    const order = orderOf(graph, { seeded: true });
    return order.kind === "undetermined" ? order.operator : null;
  };
  assertEquals(seeded(repeat(shuffle(sample([NUMBERS, random(null)]), 3))), null);
  assertEquals(seeded(listFiles(["*"], { shuffle: true })), null);
  assertEquals(seeded(kept(NUMBERS)), "shuffle");
  assertEquals(seeded(cache(NUMBERS)), null);
  assertEquals(seeded(cache(map(shuffle(NUMBERS, 3)))), "cache");
  assertEquals(seeded(cache(shuffle(NUMBERS, 3, 5))), null);
  assertEquals(seeded(parallelMap(NUMBERS, false)), "map");
});
