import { assert, assertEquals } from "@std/assert";
import { silentLog } from "../../../src/base/mod.ts";
import type { Element } from "../../../src/element/mod.ts";
import { DONE, type ElementIterator, Failure } from "../../../src/executor/mod.ts";
import { checkNode, type GraphNode, inlineFunction, ShardingPolicy } from "../../../src/graph/mod.ts";
import { CallLanes } from "../../../src/worker/lanes/call_lanes.ts";
import { openPipeline } from "../../../src/worker/lanes/open_pipeline.ts";
import { range } from "../../executor/support.ts";
import { map } from "./block_source_contract.ts";
import { definition, hostOptions, loaderOf, LoopbackLanes, turns } from "./support.ts";

const { live: _, ...triple } = inlineFunction((x: number) => {
  if (x === 13) throw new RangeError("unlucky");
  return x * 3;
});

/** Pulls to the end, and lets the lanes, which are in this thread, get on meanwhile. */
async function drain(iterator: ElementIterator<Element>): Promise<Element[]> {
  const elements: Element[] = [];
  for (let pulled = await iterator.next(); pulled !== DONE; pulled = await iterator.next()) {
    if (elements.push(pulled) % 10 === 0) await turns(1);
  }
  return elements;
}

async function open(root: GraphNode, factory: LoopbackLanes) {
  const options = hostOptions(root, { factory, lanes: 3 });
  const { signal } = new AbortController();
  return (await openPipeline(definition(ShardingPolicy.OFF), loaderOf(root), options, { signal })).iterator;
}

Deno.test("a parallel map keeps order over several lanes, and its errors name their elements", async () => {
  const root = checkNode({
    op: "ignoreErrors",
    inputs: [map(
      range(2_000),
      (x) => {
        if (x % 500 === 3) throw new Error(`no ${x}`);
        return [x, x * x];
      },
      3,
    )],
    log: false,
  });
  const factory = new LoopbackLanes();
  const iterator = await open(root, factory);
  const elements = await drain(iterator);
  await iterator.close();
  const kept = Array.from({ length: 2_000 }, (_, x) => x).filter((x) => x % 500 !== 3);
  assertEquals(elements, kept.map((x) => [x, x * x]));
  assert(factory.fromLanes.some(({ kind }) => kind === "result"));
  assertEquals([factory.opened, factory.terminated], [2, 2]);
});

Deno.test("lanes outlive the passes of a repeat", async () => {
  const root = checkNode({ op: "repeat", inputs: [map(range(300), (x) => -x, 2)], count: 4 });
  const factory = new LoopbackLanes();
  const iterator = await open(root, factory);
  const pass = Array.from({ length: 300 }, (_, x) => -x);
  assertEquals(await drain(iterator), [...pass, ...pass, ...pass, ...pass]);
  await iterator.close();
  assertEquals([factory.opened, factory.terminated], [1, 1]);
});

Deno.test("a map of one call at a time, or of calls that wait, stays in its thread", async () => {
  for (const root of [map(range(300), (x) => x), map(range(300), (x) => Promise.resolve(x), 4)]) {
    const factory = new LoopbackLanes();
    const iterator = await open(root, factory);
    assertEquals((await drain(iterator)).length, 300);
    await iterator.close();
    assertEquals(factory.opened, 0);
  }
});

Deno.test("calls give a result or a failure for each element", async () => {
  const factory = new LoopbackLanes();
  const lanes = new CallLanes({ factory, count: 2, modules: new Map(), log: silentLog });
  const fn = lanes.open(triple, { operator: "map", threads: 1 });
  assertEquals([factory.opened, fn.free], [1, false]);
  await turns(3);
  assertEquals(fn.free, true);
  const [twelve, thirteen, fourteen] = await fn.call(100, [12, 13, 14]);
  assert(thirteen instanceof Failure);
  assertEquals([twelve, String(thirteen.reason), fourteen], [
    36,
    "InternalError: Cannot map element 101: unlucky",
    42,
  ]);
  lanes.stop();
});

Deno.test("a stop, or a lane that breaks, leaves no call without an answer", async () => {
  for (const stop of [true, false]) {
    const factory = new LoopbackLanes();
    const lanes = new CallLanes({ factory, count: 1, modules: new Map(), log: silentLog });
    const fn = lanes.open(triple, { operator: "map", threads: 1 });
    await turns(3);
    const calls = [fn.call(0, [1, 2]), fn.call(2, [3])];
    assertEquals(fn.free, false);
    if (stop) lanes.stop();
    else factory.listeners[0].broken(new Error("gone"));
    const outcomes = (await Promise.all(calls)).flat();
    assertEquals(outcomes.map((outcome) => outcome instanceof Failure), [true, true, true]);
    assertEquals(fn.free, false);
    lanes.stop();
  }
});
