import { assertEquals } from "@std/assert";
import {
  cardinalityOf,
  checkNode,
  type GraphNode,
  INFINITE_CARDINALITY as INFINITE,
  inlineFunction,
  SHARD_HINT,
  ShardingPolicy,
  UNKNOWN_CARDINALITY as UNKNOWN,
} from "../../src/graph/mod.ts";
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

const fn = inlineFunction((x: unknown) => x);
const forever = repeat(range(10));
const unknown = filter(range(10));
const node = (op: string, input: GraphNode, attributes: object = {}) =>
  checkNode({ op, inputs: [input], ...attributes } as unknown as GraphNode);

const CASES: [name: string, dataset: GraphNode, cardinality: number][] = [
  ["range", range(10), 10],
  ["fromArray", fromArray(1, 2, 3), 3],
  ["slices", checkNode({ op: "fromTensorSlices", inputs: [], tensor: { a: [1, 2], b: ["x", "y"] } }), 2],
  ["random", checkNode({ op: "random", inputs: [], seed: null }), INFINITE],
  ["generator", checkNode({ op: "fromGenerator", inputs: [], fn }), UNKNOWN],
  ["listFiles of names", listFiles(["a.csv", "https://example.org/b?c=*"]), 2],
  ["listFiles of a glob", listFiles(["*.csv"]), UNKNOWN],
  ["readFiles", readFiles(listFiles(["a"])), UNKNOWN],
  ["map", map(range(10)), 10],
  ["scan", node("scan", forever, { init: 0, fn }), INFINITE],
  ["filter", filter(forever), UNKNOWN],
  ["takeWhile", node("takeWhile", range(10), { fn }), UNKNOWN],
  ["flatMap", flatMap(range(10)), UNKNOWN],
  ["groupByWindow", node("groupByWindow", range(10), { key: fn, reduce: fn, size: 3 }), UNKNOWN],
  ["batch", batch(range(10), 3), 4],
  ["batch dropping", batch(range(10), 3, true), 3],
  ["batch of infinite", batch(forever, 3), INFINITE],
  ["batch of unknown", batch(unknown, 3), UNKNOWN],
  ["unbatch of full batches", node("unbatch", batch(range(10), 3, true)), 9],
  ["unbatch of others", node("unbatch", batch(range(10), 3)), UNKNOWN],
  ["unbatch of infinite", node("unbatch", forever), INFINITE],
  ["rebatch", node("rebatch", batch(range(10), 3, true), { size: 2, dropRemainder: false }), 5],
  ["window", window(range(10), [3, 2, 1], false), 5],
  ["window dropping", window(range(10), [3, 2, 1], true), 4],
  ["window with stride", window(range(10), [3, 1, 3], true), 4],
  ["window too large", window(range(2), [3, 1, 1], true), 0],
  ["shuffle", shuffle(range(10), 5), 10],
  ["prefetch", prefetch(range(10)), 10],
  ["cache", node("cache", unknown), UNKNOWN],
  ["options", withOptions(forever), INFINITE],
  ["enumerate", node("enumerate", range(10), { start: 5 }), 10],
  ["ignoreErrors", node("ignoreErrors", range(10), { log: false }), UNKNOWN],
  ["ignoreErrors of infinite", node("ignoreErrors", forever, { log: false }), INFINITE],
  ["repeat", repeat(range(10), 3), 30],
  ["repeat 0", repeat(forever, 0), 0],
  ["repeat of nothing for ever", repeat(range(0)), 0],
  ["repeat of unknown for ever", repeat(unknown), INFINITE],
  ["repeat of unknown", repeat(unknown, 2), UNKNOWN],
  ["take", take(range(10), 3), 3],
  ["take more than there are", take(range(10), 30), 10],
  ["take all", take(range(10), -1), 10],
  ["take of infinite", take(forever, 3), 3],
  ["take of unknown", take(unknown, 3), UNKNOWN],
  ["take none of unknown", take(unknown, 0), 0],
  ["skip", skip(range(10), 3), 7],
  ["skip more than there are", skip(range(10), 30), 0],
  ["skip all", skip(forever, -1), 0],
  ["skip of infinite", skip(forever, 3), INFINITE],
  ["shard", shard(range(10), 3, 0), 4],
  ["shard, last", shard(range(10), 3, 1), 3],
  ["shard by hint", shard(range(0), SHARD_HINT, SHARD_HINT), UNKNOWN],
  ["zip", zip(range(5), range(3), forever), 3],
  ["zip of infinite", zip(forever, forever), INFINITE],
  ["zip with unknown", zip(range(5), unknown), UNKNOWN],
  ["concatenate", concatenate(range(5), range(3)), 8],
  ["concatenate with infinite", concatenate(unknown, forever), INFINITE],
  ["concatenate with unknown", concatenate(unknown, range(3)), UNKNOWN],
  ["sample", sample([range(5), range(3)]), 8],
  ["sample with infinite", sample([range(5), forever]), INFINITE],
  ["sample without some", sample([range(5), forever], [1, 0]), UNKNOWN],
  ["choose", choose(range(5), range(3), range(2)), UNKNOWN],
  ["choose from infinite", choose(forever, forever, range(2)), 2],
  ["choose with infinite choices", choose(forever, repeat(range(1))), INFINITE],
  ["choose nothing", choose(range(5), range(0)), 0],
  ["service by id", dataService(null), UNKNOWN],
  [
    "service, coordinated, of an endless dataset",
    dataService(forever, { numConsumers: 2 }),
    INFINITE,
  ],
  ["service, coordinated, of a finite dataset", dataService(range(10), { numConsumers: 2 }), UNKNOWN],
  ["service, coordinated, of an empty dataset", dataService(range(0), { numConsumers: 2 }), 0],
  ["service with a finite dataset", dataService(range(10)), UNKNOWN],
];

for (const [name, dataset, cardinality] of CASES) {
  Deno.test(`cardinality: ${name} has ${cardinality}`, () => {
    assertEquals(cardinalityOf(dataset), cardinality);
  });
}

Deno.test("cardinality: a service keeps 0, and infinity where every reader gets an endless dataset", () => {
  const { OFF, DYNAMIC, FILE, DATA, FILE_OR_DATA, HINT } = ShardingPolicy;
  const through = (input: GraphNode) =>
    [OFF, DYNAMIC, FILE, DATA, FILE_OR_DATA, HINT].map((shardingPolicy) =>
      cardinalityOf(dataService(input, { shardingPolicy }))
    );
  assertEquals(through(range(0)), [0, 0, 0, 0, 0, 0]);
  assertEquals(through(forever), [INFINITE, INFINITE, UNKNOWN, INFINITE, UNKNOWN, UNKNOWN]);
  const hinted = shard(range(0), SHARD_HINT, SHARD_HINT);
  assertEquals(cardinalityOf(dataService(hinted, { shardingPolicy: HINT })), UNKNOWN);
});
