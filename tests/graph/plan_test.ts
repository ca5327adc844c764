import { assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../src/base/mod.ts";
import {
  checkNode,
  type GraphNode,
  inlineFunction,
  planGraph,
  type PlannedNode,
  sourcesOf,
} from "../../src/graph/mod.ts";
import {
  choose,
  concatenate,
  dataService,
  fromArray,
  listFiles,
  map,
  range,
  readFiles,
  repeat,
  take,
  zip,
} from "./support/nodes.ts";

function indexes(plan: PlannedNode): unknown {
  const below = plan.inputs.map(indexes);
  return below.length === 0 ? plan.sourceIndex : below;
}

Deno.test("sources are numbered depth first, left to right", () => {
  const graph = zip(range(1), concatenate(range(2), take(range(3), 1)), fromArray(1));
  assertEquals(indexes(planGraph(graph)), [0, [1, [2]], 3]);
  assertEquals(sourcesOf(graph).map(({ index, count }) => [index, count]), [[0, 1], [1, 2], [2, 3], [3, 1]]);
});

Deno.test("a shared node is planned once for each use, with an index each", () => {
  const shared = map(range(5));
  assertEquals(indexes(planGraph(zip(shared, shared))), [[0], [1]]);
});

Deno.test("the choices of chooseFromDatasets are replicated, and what is below them", () => {
  const graph = zip(choose(range(1), range(2), repeat(zip(range(3), range(4)))), range(5));
  assertEquals(indexes(planGraph(graph)), [[0, 1, [[null, null]]], 2]);
  assertEquals(sourcesOf(graph).map(({ count }) => count), [1, 2, 5]);
});

Deno.test("nothing below a service is planned", () => {
  const plan = planGraph(zip(dataService(range(3)), range(4)));
  assertEquals(plan.inputs[0].inputs, []);
  assertEquals(plan.inputs.map((input) => input.sourceIndex), [null, 0]);
});

Deno.test("sources say what their splits are", () => {
  const generator = checkNode({
    op: "fromGenerator",
    inputs: [],
    fn: inlineFunction(function* () {
      yield 1;
    }),
  });
  const random = checkNode({ op: "random", inputs: [], seed: 7 });
  const slices = checkNode({ op: "fromTensorSlices", inputs: [], tensor: new Float32Array(6) });
  const files = readFiles(listFiles(["b", "a"], { shuffle: true, seed: 3 }));
  assertEquals(sourcesOf(zip(generator, random, slices, files)), [
    { index: 0, kind: "indexes", count: 1 },
    { index: 1, kind: "indexes", count: -1 },
    { index: 2, kind: "indexes", count: 6 },
    { index: 3, kind: "files", count: -2, patterns: ["b", "a"], shuffle: true, seed: 3 },
  ]);
});

Deno.test("ranges count down as well as up", () => {
  const count = (start: number, stop: number, step: number) =>
    sourcesOf(checkNode({ op: "range", inputs: [], start, stop, step }))[0].count;
  assertEquals([count(0, 10, 3), count(10, 0, -3), count(5, 0, 1), count(0, 5, -1)], [4, 4, 0, 0]);
});

Deno.test("a graph whose tree would not fit memory is refused", () => {
  let node: GraphNode = range(1);
  for (let i = 0; i < 40; i++) node = zip(node, node);
  assertThrows(() => planGraph(node), InvalidArgumentError, "more than 100000 operators");
});
