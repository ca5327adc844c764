import { assertEquals } from "@std/assert";
import { checkNode, type GraphNode, lockstepOf, remainderOf, ShardingPolicy } from "../../src/graph/mod.ts";
import {
  bucket,
  cache,
  enumerate,
  groupByWindow,
  ignoreErrors,
  interleave,
  paddedBatch,
  parallelMap,
  rebatch,
  scan,
  takeWhile,
  tfDataService,
  unbatch,
} from "./support/more_nodes.ts";
import {
  batch,
  choose,
  concatenate,
  dataService,
  filter,
  flatMap,
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

const LOCAL = range(10);
const DYNAMIC = dataService(LOCAL, { shardingPolicy: ShardingPolicy.DYNAMIC });
const OFF = dataService(LOCAL, { shardingPolicy: ShardingPolicy.OFF });

/** The operator that keeps the rest from being told; null: none does. */
function inTheWay(graph: GraphNode): string | null {
  const remainder = remainderOf(graph);
  return remainder.kind === "known" ? null : remainder.operator;
}

const KNOWN: Record<string, GraphNode> = {
  map: map(DYNAMIC),
  "map as ready": parallelMap(DYNAMIC, false),
  filter: filter(DYNAMIC),
  batch: batch(DYNAMIC, 3),
  paddedBatch: paddedBatch(DYNAMIC),
  buckets: bucket(DYNAMIC),
  shuffle: shuffle(DYNAMIC, 3),
  repeat: repeat(DYNAMIC),
  take: take(DYNAMIC, 3),
  skip: skip(DYNAMIC, 3),
  shard: shard(DYNAMIC, 3, 1),
  prefetch: prefetch(DYNAMIC),
  enumerate: enumerate(DYNAMIC),
  ignoreErrors: ignoreErrors(DYNAMIC),
  options: withOptions(DYNAMIC, false),
  zip: zip(DYNAMIC, DYNAMIC, OFF),
  concatenate: concatenate(shuffle(LOCAL, 3), DYNAMIC),
  sample: sample([DYNAMIC, scan(OFF), cache(LOCAL)]),
  choose: choose(DYNAMIC, flatMap(LOCAL), LOCAL),
};

for (const [name, graph] of Object.entries(KNOWN)) {
  Deno.test(`what is left behind a dynamically sharded service is known through ${name}`, () => {
    assertEquals(inTheWay(prefetch(graph)), null);
  });
}

const UNKNOWN: Record<string, GraphNode> = {
  flatMap: flatMap(DYNAMIC),
  interleave: interleave(DYNAMIC),
  unbatch: unbatch(DYNAMIC),
  readFiles: readFiles(DYNAMIC),
  scan: scan(DYNAMIC),
  takeWhile: takeWhile(DYNAMIC),
  window: window(DYNAMIC, [2, 2, 1], false),
  rebatch: rebatch(DYNAMIC),
  groupByWindow: groupByWindow(DYNAMIC),
  cache: cache(DYNAMIC),
  map: zip(DYNAMIC, parallelMap(LOCAL, false)),
  tfDataService: concatenate(DYNAMIC, tfDataService()),
};

for (const [operator, graph] of Object.entries(UNKNOWN)) {
  Deno.test(`what is left behind a dynamically sharded service is not known through ${operator}`, () => {
    assertEquals(inTheWay(take(prefetch(graph), 3)), operator);
  });
}

Deno.test("a local dataset beside a service keeps order by the options above it", () => {
  const beside = zip(DYNAMIC, parallelMap(LOCAL, null));
  assertEquals([inTheWay(beside), inTheWay(withOptions(beside, false))], [null, "map"]);
});

Deno.test("maps, batches and prefetches in order give so many elements of the service each", () => {
  const elements = (graph: GraphNode) => lockstepOf(graph)?.elements ?? null;
  assertEquals(elements(OFF), 1);
  assertEquals(elements(prefetch(map(batch(paddedBatch(map(DYNAMIC)), 4)))), 8);
  assertEquals(elements(withOptions(parallelMap(DYNAMIC, null), true)), 1);
  assertEquals(elements(withOptions(parallelMap(DYNAMIC, null), false)), null);
  for (const graph of [filter(OFF), shuffle(OFF, 2), take(OFF, 2), zip(OFF), LOCAL]) {
    assertEquals(elements(graph), null);
  }
  const { service } = lockstepOf(batch(DYNAMIC, 2))!;
  assertEquals(service === DYNAMIC, true);
  assertEquals(elements(checkNode({ op: "batch", inputs: [DYNAMIC], size: 5, dropRemainder: true })), 5);
});
