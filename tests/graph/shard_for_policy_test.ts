import { assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  FailedPreconditionError,
  InvalidArgumentError,
  NotFoundError,
  SluiceError,
} from "../../src/base/mod.ts";
import {
  checkNode,
  type GraphNode,
  SHARD_HINT,
  shardForPolicy,
  type ShardForPolicyOptions,
  ShardingPolicy,
  walk,
} from "../../src/graph/mod.ts";
import {
  batch,
  choose,
  concatenate,
  dataService,
  flatMap,
  fromArray,
  listFiles,
  map,
  prefetch,
  range,
  readFiles,
  repeat,
  shard,
  shuffle,
  sketch,
  take,
  withOptions,
  zip,
} from "./support/nodes.ts";

const { OFF, DYNAMIC, FILE, DATA, FILE_OR_DATA, HINT } = ShardingPolicy;
const FILES = Array.from({ length: 10 }, (_, i) => `f${i}`);

function divide(
  root: GraphNode,
  policy: number,
  options: Partial<ShardForPolicyOptions> = {},
): GraphNode {
  return shardForPolicy(root, { policy, numWorkers: 5, workerIndex: 3, ...options });
}

function sketchOf(root: GraphNode, policy: number): string {
  return sketch(divide(root, policy));
}

Deno.test("OFF and DYNAMIC leave the graph as it is, whatever the list of workers", () => {
  const root = map(range(20));
  for (const policy of [OFF, DYNAMIC]) {
    assertStrictEquals(divide(root, policy, { numWorkers: 0, workerIndex: 7 }), root);
  }
});

Deno.test("a static policy needs a place in the list", () => {
  for (const policy of [FILE, DATA, FILE_OR_DATA, HINT]) {
    const of = (numWorkers: number, workerIndex: number) => () =>
      divide(range(20), policy, { numWorkers, workerIndex });
    assertThrows(of(0, 0), InvalidArgumentError, "numWorkers should be >= 1, currently 0");
    assertThrows(of(2, 5), InvalidArgumentError, "index should be >= 0 and < 2, currently 5");
    assertThrows(of(2, -1), InvalidArgumentError, "index should be >= 0 and < 2, currently -1");
  }
  assertThrows(() => divide(range(20), 6), InvalidArgumentError, "`policy` must be a ShardingPolicy");
});

Deno.test("DATA shards at the end, below trailing prefetches and options", () => {
  assertEquals(sketchOf(range(20), DATA), "shard(range(); 5, 3)");
  assertEquals(sketchOf(batch(range(20), 3), DATA), "shard(batch(range()); 5, 3)");
  assertEquals(
    sketchOf(prefetch(withOptions(prefetch(map(prefetch(range(20)))))), DATA),
    "prefetch(options(prefetch(shard(map(prefetch(range())); 5, 3))))",
  );
});

Deno.test("FILE shards between the file list and its reader", () => {
  const list = listFiles(FILES);
  assertEquals(sketchOf(readFiles(list), FILE), "readFiles(shard(listFiles(); 5, 3))");
  assertEquals(sketchOf(prefetch(flatMap(list)), FILE), "prefetch(flatMap(shard(listFiles(); 5, 3)))");
  assertEquals(
    sketchOf(map(flatMap(readFiles(take(map(list), 7)))), FILE),
    "map(flatMap(readFiles(shard(take(map(listFiles())); 5, 3))))",
  );
});

Deno.test("FILE_OR_DATA is FILE where there are files, else DATA", () => {
  assertEquals(sketchOf(flatMap(listFiles(FILES)), FILE_OR_DATA), "flatMap(shard(listFiles(); 5, 3))");
  assertEquals(sketchOf(flatMap(range(20)), FILE_OR_DATA), "shard(flatMap(range()); 5, 3)");
  assertEquals(sketchOf(range(0), FILE_OR_DATA), "shard(range(); 5, 3)");
});

Deno.test("FILE moves shuffles of the list above the shard", () => {
  const list = listFiles(FILES, { shuffle: true, seed: 4 });
  const divided = divide(readFiles(shuffle(take(list, 7), 3)), FILE);
  assertEquals(sketch(divided), "readFiles(shuffle(shuffle(shard(take(listFiles()); 5, 3))))");
  const listed = [...walk(divided)].find((node) => node.op === "listFiles");
  assertEquals(listed, { ...list, shuffle: false });
  const seeds = [...walk(divided)].filter((node) => node.op === "shuffle").map(({ seed }) => seed);
  assertEquals(seeds, [4, null]); // Each worker may order its own part as it likes.
});

Deno.test("FILE shards the list itself where no operator is known to read it", () => {
  assertEquals(
    sketchOf(batch(take(map(shuffle(listFiles(FILES), 9)), 7), 2), FILE),
    "batch(take(map(shuffle(shard(listFiles(); 5, 3)))))",
  );
});

Deno.test("FILE shards each list of several datasets, and leaves choices whole", () => {
  const reader = () => prefetch(flatMap(listFiles(FILES)));
  const divided = "prefetch(flatMap(shard(listFiles(); 5, 3)))";
  assertEquals(sketchOf(map(zip(reader(), reader())), FILE), `map(zip(${divided}, ${divided}))`);
  assertEquals(
    sketchOf(concatenate(reader(), listFiles(FILES)), FILE),
    `concatenate(${divided}, shard(listFiles(); 5, 3))`,
  );
  assertEquals(
    sketchOf(choose(reader(), reader(), repeat(range(2))), FILE),
    `chooseFromDatasets(${divided}, ${divided}, repeat(range()))`,
  );
});

Deno.test("readFiles knows any names for files", () => {
  assertEquals(sketchOf(readFiles(map(range(20))), FILE), "readFiles(shard(map(range()); 5, 3))");
});

Deno.test("FILE refuses elements that come from something else, naming it", () => {
  const refuses = (root: GraphNode, op: string) =>
    assertThrows(
      () => divide(root, FILE),
      NotFoundError,
      `Found an unshardable source dataset: ${op}`,
    );
  refuses(range(20), "range");
  refuses(flatMap(map(fromArray(1))), "fromArray");
  refuses(zip(readFiles(listFiles(FILES)), range(20)), "range");
  refuses(dataService(readFiles(listFiles(FILES))), "dataService");
});

Deno.test("fewer files than workers are refused where their number is known", () => {
  const words = "not enough for the required 5 shards/workers";
  const few = listFiles(FILES.slice(0, 4));
  for (const policy of [FILE, FILE_OR_DATA]) {
    assertThrows(() => divide(flatMap(few), policy), InvalidArgumentError, words);
    assertThrows(() => divide(few, policy), InvalidArgumentError, words);
    assertThrows(() => divide(readFiles(take(listFiles(FILES), 4)), policy), InvalidArgumentError, words);
  }
  const hinted = shard(few, SHARD_HINT, SHARD_HINT);
  assertThrows(() => divide(readFiles(hinted), HINT), InvalidArgumentError, words);

  const glob = readFiles(listFiles(["f*"]));
  assertEquals(sketchOf(glob, FILE), "readFiles(shard(listFiles(); 5, 3))");
  assertThrows(
    () => divide(glob, FILE, { fileCount: () => 4 }),
    InvalidArgumentError,
    `4 files are ${words}`,
  );
  const counted = divide(glob, FILE, { fileCount: ({ patterns }) => patterns[0] === "f*" ? 5 : 0 });
  assertEquals(sketch(counted), "readFiles(shard(listFiles(); 5, 3))");
});

Deno.test("HINT fills in the numbers, and does nothing where there is no hint", () => {
  const hint = (input: GraphNode) => shard(input, SHARD_HINT, SHARD_HINT);
  assertEquals(sketchOf(map(hint(range(3))), HINT), "map(shard(range(); 5, 3))");
  assertEquals(sketchOf(readFiles(hint(listFiles(FILES))), HINT), "readFiles(shard(listFiles(); 5, 3))");
  assertEquals(
    sketchOf(zip(hint(range(3)), hint(range(4))), HINT),
    "zip(shard(range(); 5, 3), shard(range(); 5, 3))",
  );
  const explicit = map(shard(range(20), 1, 0));
  assertStrictEquals(divide(explicit, HINT), explicit);
});

Deno.test("hints are refused under every other policy", () => {
  const root = map(shard(range(20), SHARD_HINT, SHARD_HINT));
  for (const policy of [OFF, DYNAMIC, FILE, DATA, FILE_OR_DATA]) {
    assertThrows(
      () => divide(root, policy),
      FailedPreconditionError,
      "`ShardingPolicy.HINT` processing mode",
    );
  }
});

Deno.test("DYNAMIC refuses to split another service's dataset", () => {
  const root = map(dataService(range(20)));
  const error = assertThrows(
    () => divide(root, DYNAMIC),
    SluiceError,
    "Cannot create split providers for dataset of type DataServiceDataset",
  );
  assertEquals(error.code, "unimplemented");
  assertStrictEquals(divide(root, OFF), root);
});

Deno.test("what is below another service is left alone", () => {
  const inner = dataService(shard(range(20), SHARD_HINT, SHARD_HINT), { shardingPolicy: HINT });
  assertStrictEquals(divide(inner, OFF), inner);
  assertStrictEquals(divide(inner, HINT), inner);
  assertEquals(sketchOf(inner, DATA), "shard(dataService(shard(range(); -1, -1)); 5, 3)");
});

Deno.test("what a shard divides comes in one order on all workers", () => {
  const parallel = checkNode({
    ...map(shuffle(range(20), 5)) as Extract<GraphNode, { op: "map" }>,
    parallel: 4,
    deterministic: false,
  });
  const orderOf = (options: Partial<ShardForPolicyOptions>) =>
    [...walk(divide(prefetch(parallel), DATA, options))].flatMap((node): unknown[] =>
      node.op === "shuffle" ? [node.seed] : node.op === "map" ? [node.deterministic] : []
    );
  const first = orderOf({ workerIndex: 0, seed: 8 });
  assertEquals(first.map((value) => typeof value), ["number", "boolean"]);
  assertEquals(first[1], true);
  assertEquals(orderOf({ workerIndex: 4, seed: 8 }), first);
  assertNotEquals(orderOf({ seed: 9 }), first);
  const seeded = shuffle(range(20), 5, 77);
  assertEquals([...walk(divide(seeded, DATA))].find((node) => node.op === "shuffle"), seeded);
});

Deno.test("the shards of any list of files are the whole list, once", () => {
  const names = fc.uniqueArray(fc.nat(999), { minLength: 1, maxLength: 30 }).map((ids) =>
    ids.map((id) => `f${id}`)
  );
  fc.assert(fc.property(names, fc.integer({ min: 1, max: 8 }), (patterns, numWorkers) => {
    fc.pre(patterns.length >= numWorkers);
    const read: string[] = [];
    for (let workerIndex = 0; workerIndex < numWorkers; workerIndex++) {
      const root = divide(readFiles(shuffle(listFiles(patterns), 4)), FILE, { numWorkers, workerIndex });
      for (const node of walk(root)) {
        if (node.op !== "shard") continue;
        const [list] = node.inputs;
        if (list.op !== "listFiles") throw new Error(`a shard of ${list.op}`);
        read.push(...list.patterns.filter((_, i) => i % node.num === node.index));
      }
    }
    assertEquals(read.sort(), [...patterns].sort());
  }));
});
