import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { silentLog } from "../../../src/base/mod.ts";
import { checkNode, type GraphNode, inlineFunction, ShardingPolicy } from "../../../src/graph/mod.ts";
import { LanedSource } from "../../../src/worker/lanes/laned_source.ts";
import { openPipeline } from "../../../src/worker/lanes/open_pipeline.ts";
import { BlockProducer } from "../../../src/worker/runners/block_producer.ts";
import type { MakeBlockSource } from "../../../src/worker/runners/block_source.ts";
import { fromArray, range } from "../../executor/support.ts";
import { map, testBlockSource } from "./block_source_contract.ts";
import {
  BusyClock,
  definition,
  hostOptions,
  KeepingSink,
  loaderOf,
  LoopbackLanes,
  RunningClock,
  sorted,
  turns,
} from "./support.ts";

function laned(
  root: GraphNode,
  lanes: number,
  { factory = new LoopbackLanes(), policy = ShardingPolicy.DYNAMIC as number } = {},
): { make: MakeBlockSource; factory: LoopbackLanes } {
  const busy = new BusyClock();
  // A pipeline seems to take its time, or else each call of a function.
  const clock = policy === ShardingPolicy.DYNAMIC ? busy : new RunningClock();
  const options = hostOptions(root, { factory, lanes, clock });
  return {
    factory,
    make: (sink) =>
      new LanedSource(sink, {
        ...options,
        targetBytes: 512,
        open: async (signal) => {
          const opened = await openPipeline(definition(policy), loaderOf(root), options, { signal });
          return { ...opened, iterator: busy.busy(opened.iterator) };
        },
      }),
  };
}

testBlockSource("a producer in this thread", (root) => (sink) => {
  const options = hostOptions(root, { lanes: 1 });
  return new BlockProducer({
    sink,
    clock: new RunningClock(),
    log: silentLog,
    targetBytes: 512,
    open: async (signal) => (await openPipeline(definition(), loaderOf(root), options, { signal })).iterator,
  });
});
testBlockSource("one lane", (root) => laned(root, 1).make);
testBlockSource("two lanes", (root) => laned(root, 2).make);
testBlockSource("four lanes", (root) => laned(root, 4).make);
testBlockSource(
  "two lanes, not sharded",
  (root) => laned(root, 2, { policy: ShardingPolicy.OFF }).make,
);

Deno.test("lanes are added while they pay, share the elements, and are ended with the pipeline", async () => {
  const { make, factory } = laned(map(range(3_000), (x) => x + 1), 3);
  const sink = new KeepingSink(make);
  assertEquals(sorted(await sink.toEnd()), sorted(Array.from({ length: 3_000 }, (_, x) => x + 1)));
  assertEquals([factory.opened, factory.terminated], [2, 2]);
  assert(factory.items > 2, `lanes gave ${factory.items} blocks`);
});

Deno.test("passes of a repeat are counted by each lane, and each gives every element once", async () => {
  const root = checkNode({ op: "repeat", inputs: [map(range(2_000), (x) => x)], count: 5 });
  const { make, factory } = laned(root, 2);
  const elements = await new KeepingSink(make).toEnd();
  assert(factory.items > 0);
  assertEquals(sorted(elements), sorted(Array.from({ length: 10_000 }, (_, i) => i % 2_000)));
});

Deno.test("a pipeline whose readers do not wait stays in its thread", async () => {
  const { make, factory } = laned(map(range(3_000), (x) => x), 2);
  const sink = new KeepingSink(make);
  sink.hungry = false;
  await sink.toEnd();
  assertEquals(factory.opened, 0);
});

for (
  const [what, root] of Object.entries({
    take: checkNode({ op: "take", inputs: [map(range(3_000), (x) => x)], count: 2_000 }),
    "a batch that drops its rest": checkNode({
      op: "batch",
      inputs: [map(range(3_000), (x) => x)],
      size: 3,
      dropRemainder: true,
    }),
    "deterministic: true": checkNode({
      op: "options",
      inputs: [map(range(3_000), (x) => x, 4)],
      deterministic: true,
    }),
  })
) {
  Deno.test(`${what} keeps one lane`, async () => {
    const { make, factory } = laned(root, 2);
    const one = await new KeepingSink(laned(root, 1).make).toEnd();
    assertEquals(await new KeepingSink(make).toEnd(), one);
    assertEquals(factory.opened, 0);
  });
}

Deno.test("a lane that does not start leaves the pipeline with one thread", async () => {
  const factory = new LoopbackLanes();
  factory.stuck = true;
  const { make } = laned(map(range(3_000), (x) => x), 3, { factory });
  const sink = new KeepingSink(make);
  const reading = sink.toEnd();
  while (factory.opened === 0) await turns(1);
  factory.listeners[0].broken(new Error("no threads left"));
  assertEquals((await reading).length, 3_000);
});

Deno.test("a lane that breaks is an error, not an early end", async () => {
  const { make, factory } = laned(map(range(3_000), (x) => x), 2);
  const sink = new KeepingSink(make);
  const reading = sink.toEnd();
  while (factory.items === 0) await turns(1);
  factory.listeners[0].broken(new Error("stack overflow"));
  const errors = (await reading).filter((element) => typeof element === "string");
  assertEquals(errors, ["{Cannot go on reading: a lane of the pipeline has ended: stack overflow}"]);
});

Deno.test("any pipeline gives the same elements on one lane and on several", async () => {
  const operators: Record<string, (input: GraphNode) => GraphNode> = {
    double: (input) => map(input, (x) => x * 2),
    twice: (input) =>
      checkNode({ op: "flatMap", inputs: [input], fn: inlineFunction((x: number) => [x, -x]) }),
    even: (input) =>
      checkNode({ op: "filter", inputs: [input], fn: inlineFunction((x: number) => x % 3 !== 0) }),
    shuffle: (input) =>
      checkNode({ op: "shuffle", inputs: [input], bufferSize: 20, seed: 5, reshuffleEachIteration: true }),
    repeat: (input) => checkNode({ op: "repeat", inputs: [input], count: 2 }),
    fail: (input) =>
      map(input, (x) => {
        if (x % 50 === 1) throw new Error(`no ${x}`);
        return x;
      }),
    skipErrors: (input) => checkNode({ op: "ignoreErrors", inputs: [input], log: false }),
    rebatched: (input) =>
      checkNode({
        op: "unbatch",
        inputs: [checkNode({ op: "batch", inputs: [input], size: 7, dropRemainder: false })],
      }),
    take: (input) => checkNode({ op: "take", inputs: [input], count: 150 }),
    parallel: (input) => map(input, (x) => x + 1, 3),
  };
  // An element's number differs from lane to lane, and so does the message that names it.
  const show = (elements: unknown[]) =>
    elements.map((element) =>
      typeof element === "string" ? element.replace(/element \d+/, "element") : element
    );
  const lanesUsed = { blocks: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...Object.keys(operators)), { maxLength: 3 }),
      fc.boolean(),
      fc.boolean(),
      async (names, array, sharded) => {
        const source = array ? fromArray(Array.from({ length: 250 }, (_, i) => i)) : range(250);
        const root = names.reduce((input, name) => operators[name](input), source);
        const policy = sharded ? ShardingPolicy.DYNAMIC : ShardingPolicy.OFF;
        const one = await new KeepingSink(laned(root, 1, { policy }).make).toEnd();
        const two = laned(root, 2, { policy });
        const elements = await new KeepingSink(two.make).toEnd();
        lanesUsed.blocks += two.factory.items;
        assertEquals(sorted(show(elements) as number[]), sorted(show(one) as number[]));
      },
    ),
    { numRuns: 12 },
  );
  assert(lanesUsed.blocks > 0);
});
