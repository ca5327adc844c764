import { assertEquals } from "@std/assert";
import { checkNode, type GraphNode, inlineFunction, type OpName, visitationOf } from "../../src/graph/mod.ts";
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

/** What each operator does to the promise: graphs, and the operator that is named, or null where all is well. */
const CASES: { readonly [O in OpName]: readonly (readonly [GraphNode, OpName | null])[] } = {
  range: [[NUMBERS, null], [flatMap(NUMBERS), null]],
  fromArray: [[fromArray(1, 2), null]],
  fromTensorSlices: [[fromTensorSlices([1, 2]), null]],
  fromGenerator: [
    [fromGenerator(), null],
    [flatMap(fromGenerator()), null],
    [interleave(fromGenerator()), "interleave"],
  ],
  random: [
    [random(null), null],
    [flatMap(random(3)), null],
    [flatMap(map(random(null))), "flatMap"],
    [batch(random(null), 2), null],
  ],
  listFiles: [[listFiles(["*"]), null], [listFiles(["*"], { shuffle: true }), null]],
  readFiles: [
    [readFiles(listFiles(["*"])), null],
    [readFiles(shuffle(listFiles(["*"]), 5)), null],
    [readFiles(shuffle(flatMap(NUMBERS), 5)), "readFiles"],
    [readFiles(batch(NUMBERS, 2)), "readFiles"],
  ],
  dataService: [[dataService(NUMBERS), "dataService"], [
    concatenate(NUMBERS, dataService(null)),
    "dataService",
  ]],
  tfDataService: [[tfDataService(), "tfDataService"]],
  map: [
    [map(NUMBERS), null],
    [flatMap(parallelMap(NUMBERS, false)), null],
    [flatMap(parallelMap(flatMap(NUMBERS), true)), null],
    [flatMap(parallelMap(flatMap(NUMBERS), null)), null],
    [flatMap(parallelMap(flatMap(NUMBERS), false)), "flatMap"],
    [parallelMap(flatMap(NUMBERS), false), null],
  ],
  filter: [[filter(NUMBERS), null], [flatMap(filter(flatMap(NUMBERS))), null]],
  flatMap: [
    [flatMap(flatMap(NUMBERS)), null],
    [flatMap(shuffle(NUMBERS, 5)), null],
    [flatMap(interleave(NUMBERS)), null],
    [flatMap(shuffle(flatMap(NUMBERS), 5)), "flatMap"],
    [flatMap(bucket(NUMBERS)), "flatMap"],
  ],
  interleave: [
    [interleave(NUMBERS), null],
    [interleave(shuffle(filter(NUMBERS), 3)), null],
    [interleave(flatMap(NUMBERS)), "interleave"],
    [flatMap(interleave(NUMBERS, { parallel: 3, deterministic: false })), null],
  ],
  batch: [[batch(NUMBERS, 3), null], [batch(NUMBERS, 3, true), null], [
    map(batch(shuffle(flatMap(NUMBERS), 2), 2)),
    null,
  ]],
  paddedBatch: [[paddedBatch(NUMBERS), null], [unbatch(paddedBatch(NUMBERS)), "unbatch"]],
  unbatch: [[unbatch(NUMBERS), null], [unbatch(map(flatMap(NUMBERS))), null], [
    unbatch(batch(NUMBERS, 2)),
    "unbatch",
  ]],
  rebatch: [[rebatch(batch(NUMBERS, 2)), "rebatch"]],
  shuffle: [[shuffle(NUMBERS, 3), null], [shuffle(flatMap(NUMBERS), 3, 1), null]],
  repeat: [[repeat(NUMBERS), null], [flatMap(repeat(flatMap(NUMBERS), 2)), null]],
  take: [[take(NUMBERS, 3), "take"], [take(NUMBERS, 0), "take"], [take(NUMBERS, -1), null]],
  skip: [[skip(NUMBERS, 3), "skip"], [skip(NUMBERS, 0), null], [skip(NUMBERS, -1), "skip"]],
  shard: [[shard(NUMBERS, 3, 1), "shard"]],
  prefetch: [[prefetch(NUMBERS), null], [flatMap(prefetch(flatMap(NUMBERS))), null]],
  cache: [[cache(NUMBERS), "cache"]],
  enumerate: [[enumerate(NUMBERS), null], [map(enumerate(NUMBERS)), null], [
    flatMap(map(enumerate(NUMBERS))),
    "flatMap",
  ]],
  takeWhile: [[takeWhile(NUMBERS), "takeWhile"]],
  window: [[window(NUMBERS, [2, 2, 1], false), "window"]],
  scan: [[scan(NUMBERS), "scan"]],
  concatenate: [
    [concatenate(NUMBERS, flatMap(NUMBERS)), null],
    [flatMap(concatenate(NUMBERS, flatMap(NUMBERS))), null],
    [interleave(concatenate(NUMBERS, flatMap(NUMBERS))), "interleave"],
    [flatMap(concatenate(NUMBERS, batch(NUMBERS, 2))), "flatMap"],
    [concatenate(scan(NUMBERS), take(NUMBERS, 1)), "scan"],
  ],
  zip: [[zip(NUMBERS), null], [zip(NUMBERS, fromArray(1)), "zip"]],
  sampleFromDatasets: [
    [sample([NUMBERS, flatMap(NUMBERS)]), null],
    [sample([NUMBERS, NUMBERS], [1, 2]), null],
    [sample([NUMBERS, NUMBERS], [1, 0]), "sampleFromDatasets"],
  ],
  chooseFromDatasets: [[choose(NUMBERS, NUMBERS, fromArray(1, 0)), "chooseFromDatasets"]],
  groupByWindow: [[groupByWindow(NUMBERS), "groupByWindow"]],
  bucketBySequenceLength: [[bucket(NUMBERS), null]],
  ignoreErrors: [[ignoreErrors(NUMBERS), null]],
  options: [
    [withOptions(NUMBERS, false), null],
    [withOptions(flatMap(parallelMap(flatMap(NUMBERS), null)), false), "flatMap"],
    [withOptions(flatMap(parallelMap(flatMap(NUMBERS), true)), false), null],
    [withOptions(withOptions(flatMap(parallelMap(flatMap(NUMBERS), null)), true), false), null],
    [flatMap(withOptions(parallelMap(flatMap(NUMBERS), null), false)), "flatMap"],
  ],
};

for (const [op, cases] of Object.entries(CASES)) {
  Deno.test(`visitation through ${op}`, () => {
    cases.forEach(([graph, operator], i) => {
      const visitation = visitationOf(graph);
      assertEquals(visitation.kind === "weaker" ? visitation.operator : null, operator, `case ${i}`);
    });
  });
}

Deno.test("the lowest operator is named, with a reason, wherever it stands", () => {
  assertEquals(visitationOf(scan(batch(take(NUMBERS, 5), 2))), {
    kind: "weaker",
    operator: "take",
    reason: "each worker takes its first elements",
  });
  assertEquals(visitationOf(flatMap(map(enumerate(NUMBERS)))), {
    kind: "weaker",
    operator: "flatMap",
    reason: "it expands what enumerate gives, and each worker counts for itself",
  });
});

Deno.test("graphs that are deep, and graphs that share much, take no longer", () => {
  let deep: GraphNode = NUMBERS;
  for (let i = 0; i < 20_000; i++) deep = checkNode({ op: "ignoreErrors", inputs: [deep], log: false });
  assertEquals(visitationOf(deep).kind, "exactlyOnce");
  let wide: GraphNode = checkNode({
    op: "flatMap",
    inputs: [NUMBERS],
    fn: inlineFunction((x: number) => [x]),
  });
  for (let i = 0; i < 40; i++) wide = concatenate(wide, wide);
  assertEquals(visitationOf(wide).kind, "exactlyOnce");
});
