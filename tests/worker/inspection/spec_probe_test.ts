import { assertEquals, assertRejects } from "@std/assert";
import {
  FailedPreconditionError,
  FakeClock,
  InternalError,
  SeededRandom,
  silentLog,
} from "../../../src/base/mod.ts";
import { type Element, portableCodecs, showSpec } from "../../../src/element/mod.ts";
import { checkNode, type GraphNode, serializeGraph } from "../../../src/graph/mod.ts";
import { memoryFileSystem } from "../../../src/sources/mod.ts";
import { createInProcessHost } from "../../../src/worker/host/in_process.ts";
import type { TaskHost } from "../../../src/worker/host/task_host.ts";
import { SpecProbe } from "../../../src/worker/inspection/spec_probe.ts";
import { mapped, range } from "../support/worker_harness.ts";

const { signal } = new AbortController();

/** A probe, and how many pipelines it has run. */
function makeProbe(): { probe: SpecProbe; runs: () => number } {
  const clock = new FakeClock();
  let runs = 0;
  const host = createInProcessHost({
    clock,
    random: new SeededRandom(3),
    log: silentLog,
    codecs: portableCodecs,
    files: memoryFileSystem({}),
    Dataset: { fromArray: () => ({}) },
    dataService: () => {
      throw new Error("No services here");
    },
    dispatcher: { getSplit: () => Promise.reject(new Error("No splits here")) },
    dispatcherTimeoutMs: 60_000,
  });
  const counting: TaskHost = {
    start: (...args) => {
      runs++;
      return host.start(...args);
    },
  };
  return { probe: new SpecProbe({ host: counting, clock, signal }), runs: () => runs };
}

const batch = (input: GraphNode, size: number) =>
  checkNode({ op: "batch", inputs: [input], size, dropRemainder: false });
const items = (...items: Element[]) => checkNode({ op: "fromArray", inputs: [], items });

async function specOf(root: GraphNode): Promise<string> {
  return showSpec(await makeProbe().probe.specOf(serializeGraph(root), signal));
}

Deno.test("what the graph tells is not run", async () => {
  const { probe, runs } = makeProbe();
  assertEquals(showSpec(await probe.specOf(serializeGraph(batch(range(3), 2)), signal)), "Float64Array(?)");
  assertEquals(runs(), 0);
});

Deno.test("what a function gives is seen in its first elements", async () => {
  assertEquals(
    await specOf(mapped(range(3), (x) => ({ x, even: x % 2 === 0 }))),
    "{ x: number, even: boolean }",
  );
  assertEquals(await specOf(mapped(range(9), (x) => new Uint8Array(x))), "Uint8Array(?)");
  assertEquals(await specOf(mapped(range(9), () => new Uint8Array(4))), "Uint8Array(4)");
});

Deno.test("a batch is told by its parts: two texts are no pair of texts", async () => {
  assertEquals(await specOf(batch(mapped(range(5), (x) => String(x)), 2)), "string[]");
});

Deno.test("a spec is found once, also by two at a time", async () => {
  const { probe, runs } = makeProbe();
  const graph = serializeGraph(mapped(range(3), (x) => String(x)));
  const specs = await Promise.all([probe.specOf(graph, signal), probe.specOf(graph, signal)]);
  assertEquals([...specs, await probe.specOf(graph.slice(), signal)].map(showSpec), [
    "string",
    "string",
    "string",
  ]);
  assertEquals(runs(), 1);
});

Deno.test("endless and mixed datasets", async () => {
  const endless = checkNode({ op: "repeat", inputs: [mapped(range(2), (x) => String(x))], count: -1 });
  assertEquals(await specOf(endless), "string");
  assertEquals(await specOf(items(1, "two")), "any");
});

Deno.test("no elements, or an error before the first, is said; a later one is left to the readers", async () => {
  const empty = mapped(checkNode({ op: "take", inputs: [range(9)], count: 0 }), (x) => String(x));
  await assertRejects(() => specOf(empty), FailedPreconditionError, "has no elements");
  const broken = mapped(range(9), () => {
    throw new Error("boom");
  });
  await assertRejects(() => specOf(broken), InternalError, "boom");
  const late = mapped(range(9), (x) => {
    if (x > 3) throw new Error("boom");
    return x;
  });
  assertEquals(await specOf(late), "number");
});

Deno.test("what failed is tried again", async () => {
  const { probe, runs } = makeProbe();
  const graph = serializeGraph(mapped(range(0), (x) => String(x)));
  for (let i = 0; i < 2; i++) {
    await assertRejects(() => probe.specOf(graph, signal), FailedPreconditionError);
  }
  assertEquals(runs(), 2);
});
