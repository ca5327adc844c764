import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import type { Element } from "../../../src/element/mod.ts";
import { DONE, execute } from "../../../src/executor/mod.ts";
import { checkNode, type GraphNode } from "../../../src/graph/mod.ts";
import { map } from "../operator_table.ts";
import { probe } from "../probe.ts";
import { fn, fromArray, MemoryLog, range, run, runSync, runWithErrors, testContext } from "../support.ts";

const repeat = (input: GraphNode, count: number) => checkNode({ op: "repeat", inputs: [input], count });
const take = (input: GraphNode, count: number) => checkNode({ op: "take", inputs: [input], count });
const skip = (input: GraphNode, count: number) => checkNode({ op: "skip", inputs: [input], count });
const cache = (input: GraphNode) => checkNode({ op: "cache", inputs: [input] });
const ignoreErrors = (input: GraphNode, log: boolean) =>
  checkNode({ op: "ignoreErrors", inputs: [input], log });
const failing = (at: number) =>
  map(range(4), (x: number) => {
    if (x === at) throw new Error(`no ${x}`);
    return x;
  });

Deno.test("repeat runs its input again from the beginning, closing each pass", () => {
  const { node, counts } = probe([1, 2]);
  assertEquals(runSync(repeat(take(node, 1), 3)), [1, 1, 1]);
  assertEquals(counts, { begun: 3, pulled: 3, closed: 3 });
  assertEquals(runSync(repeat(range(3), 0)), []);
  assertEquals(runSync(take(repeat(repeat(range(2), 2), -1), 7)), [0, 1, 0, 1, 0, 1, 0]);
});

Deno.test("an endless repeat ends after a pass without elements", async () => {
  assertEquals(runSync(repeat(range(0), -1)), []);
  const empty = checkNode({ op: "filter", inputs: [range(5)], fn: fn(() => Promise.resolve(false)) });
  assertEquals(await run(repeat(empty, -1)), []);
  assertEquals(runSync(ignoreErrors(repeat(map(range(2), () => undefined), -1), false)), []);
});

Deno.test("take frees its input at its end, before the reader leaves", () => {
  const { node, counts } = probe([1, 2, 3]);
  const iterator = execute(take(node, 2), testContext());
  assertEquals([iterator.next(), iterator.next()], [1, 2]);
  assertEquals(counts.closed, 0);
  assertStrictEquals(iterator.next(), DONE);
  assertEquals(counts, { begun: 1, pulled: 2, closed: 1 });
});

Deno.test("take of none pulls none, skip of all gives none", () => {
  const { node, counts } = probe([1]);
  assertEquals(runSync(take(node, 0)), []);
  assertEquals(runSync(skip(node, -1)), []);
  assertEquals(counts.pulled, 0);
  assertEquals(runSync(skip(range(3), 9)), []);
  assertEquals(runSync(skip(range(3), 0)), [0, 1, 2]);
});

Deno.test("an element that failed counts neither for take nor for skip", async () => {
  const error = "InternalError: Cannot map element 1: no 1";
  assertEquals(await runWithErrors(take(failing(1), 2)), [0, error, 2]);
  assertEquals(await runWithErrors(skip(failing(1), 2)), [error, 3]);
});

Deno.test("shards together give each element once", () => {
  const shard = (index: number) => runSync(checkNode({ op: "shard", inputs: [range(10)], num: 3, index }));
  assertEquals([shard(0), shard(1), shard(2)], [[0, 3, 6, 9], [1, 4, 7], [2, 5, 8]]);
});

Deno.test("enumerate counts from its start", () => {
  assertEquals(
    runSync(checkNode({ op: "enumerate", inputs: [fromArray(["a", "b"])], start: 3 })),
    [[3, "a"], [4, "b"]],
  );
});

Deno.test("cache keeps the first complete pass for all executions of its node", async () => {
  const { node, counts } = probe([1, 2, 3], "mixed");
  const cached = cache(node);
  const partial = execute(cached, testContext());
  await partial.next();
  await partial.close();
  assertEquals(await run(cached), [1, 2, 3]);
  assertEquals(counts.begun, 2);
  assertEquals(runSync(cached), [1, 2, 3]);
  assertEquals(runSync(repeat(cached, 2)), [1, 2, 3, 1, 2, 3]);
  assertEquals(counts.begun, 2);
  await run(cache(node));
  assertEquals(counts.begun, 3);
});

Deno.test("two passes at a time do not disturb the cache; the first to end decides", async () => {
  let calls = 0;
  const cached = cache(map(range(3), () => calls++));
  const [one, two] = [execute(cached, testContext()), execute(cached, testContext())];
  const read: Element[][] = [[], []];
  for (let i = 0; i < 3; i++) {
    read[0].push(await one.next() as Element);
    read[1].push(await two.next() as Element);
  }
  assertStrictEquals(two.next(), DONE);
  assertStrictEquals(one.next(), DONE);
  assertEquals(read, [[0, 2, 4], [1, 3, 5]]);
  assertEquals(runSync(cached), [1, 3, 5]);
});

Deno.test("a pass with an error is not kept, nor one that was left", async () => {
  let broken = true;
  const cached = cache(map(range(3), (x: number) => {
    if (broken && x === 1) throw new Error("first time");
    return x;
  }));
  assertEquals(runSync(ignoreErrors(cached, false)), [0, 2]);
  broken = false;
  const left = execute(cached, testContext());
  left.next();
  await left.close();
  assertEquals(runSync(cached), [0, 1, 2]);
});

Deno.test("ignoreErrors leaves out what failed, counts it, and says each if asked", async () => {
  for (const log of [false, true]) {
    const lines = new MemoryLog();
    assertEquals(await run(ignoreErrors(failing(2), log), { log: lines }), [0, 1, 3]);
    const warning = {
      level: "warn" as const,
      message: "Left out an element: Cannot map element 2: no 2",
      fields: { skipped: 1 },
    };
    const sum = {
      level: "info" as const,
      message: "Left out elements whose making failed",
      fields: { skipped: 1 },
    };
    assertEquals(lines.lines, log ? [warning, sum] : [sum]);
  }
});

Deno.test("ignoreErrors neither goes on nor counts once the reader has left", async () => {
  const controller = new AbortController();
  const log = new MemoryLog();
  let calls = 0;
  const endless = repeat(
    map(
      range(9),
      (async (_: number, { signal }: { signal: AbortSignal }) => {
        calls++;
        await Promise.resolve();
        signal.throwIfAborted();
        throw new Error("always");
      }) as (x: never, context: never) => unknown,
    ),
    1e9,
  );
  const iterator = execute(ignoreErrors(endless, true), testContext({ signal: controller.signal, log }));
  const waiting = iterator.next() as Promise<unknown>;
  while (calls < 20) await Promise.resolve();
  controller.abort(new Error("left"));
  await waiting.catch(() => {});
  const before = [calls, log.lines.length];
  for (let i = 0; i < 50; i++) await Promise.resolve();
  assertEquals([calls, log.lines.length], before);
});

Deno.test("elements pass through untouched", () => {
  const item = { a: [1] };
  const [element] = runSync(
    checkNode({ op: "prefetch", inputs: [map(range(1), () => item)], bufferSize: 1 }),
  );
  assertStrictEquals(element, item);
  assertNotStrictEquals(runSync(checkNode({ op: "enumerate", inputs: [fromArray([1])], start: 0 }))[0], item);
});
