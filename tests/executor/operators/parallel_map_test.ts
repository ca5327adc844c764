import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { InternalError } from "../../../src/base/mod.ts";
import { DONE, type ElementIterator, execute } from "../../../src/executor/mod.ts";
import { checkNode, type GraphNode } from "../../../src/graph/mod.ts";
import { map } from "../operator_table.ts";
import { fn, range, testContext } from "../support.ts";

interface Calls {
  readonly open: Map<number, PromiseWithResolvers<number>>;
  most: number;
}

function parallelMap(calls: Calls, deterministic: boolean | null, input: GraphNode = range(6)): GraphNode {
  const live = (x: number) => {
    const call = Promise.withResolvers<number>();
    calls.open.set(x, call);
    calls.most = Math.max(calls.most, calls.open.size);
    return call.promise;
  };
  return checkNode({ op: "map", inputs: [input], fn: fn(live), parallel: 3, deterministic });
}

function start(root: (calls: Calls) => GraphNode): { calls: Calls; iterator: ElementIterator } {
  const calls: Calls = { open: new Map(), most: 0 };
  return { calls, iterator: execute(root(calls), testContext()) };
}

function finish(calls: Calls, x: number): void {
  calls.open.get(x)!.resolve(x * 10);
  calls.open.delete(x);
}

Deno.test("as many calls as asked for are outstanding, also while nobody pulls", async () => {
  const { calls, iterator } = start((c) => parallelMap(c, null));
  const first = iterator.next();
  assertEquals([...calls.open.keys()], [0, 1, 2]);
  finish(calls, 0);
  assertEquals(await first, 0);
  assertEquals([...calls.open.keys()], [1, 2, 3]);
  await iterator.close();
});

Deno.test("results come in order, and a slow first one holds the others back", async () => {
  const { calls, iterator } = start((c) => parallelMap(c, null));
  const first = iterator.next();
  finish(calls, 2);
  finish(calls, 1);
  await Promise.resolve();
  assertEquals([...calls.open.keys()], [0]);
  finish(calls, 0);
  assertEquals([await first, await iterator.next(), await iterator.next()], [0, 10, 20]);
  assertEquals(calls.most, 3);
  await iterator.close();
});

Deno.test("results come as they are ready where order does not count", async () => {
  const { calls, iterator } = start((c) => parallelMap(c, false));
  const first = iterator.next();
  finish(calls, 2);
  assertEquals(await first, 20);
  const second = iterator.next();
  finish(calls, 1);
  assertEquals(await second, 10);
  await iterator.close();
});

Deno.test("options set the order of what is below, and what says otherwise keeps its own", async () => {
  const relaxed = (input: GraphNode) => checkNode({ op: "options", inputs: [input], deterministic: false });
  for (const [own, expected] of [[null, 20], [true, 0]] as const) {
    const { calls, iterator } = start((c) => relaxed(parallelMap(c, own)));
    const first = iterator.next();
    finish(calls, 2);
    await Promise.resolve();
    finish(calls, 0);
    assertEquals(await first, expected);
    await iterator.close();
  }
});

Deno.test("an error comes out at its element's place, and the others go on", async () => {
  const { calls, iterator } = start((c) => parallelMap(c, null, range(3)));
  const first = iterator.next();
  calls.open.get(1)!.reject(new Error("one"));
  finish(calls, 2);
  finish(calls, 0);
  assertEquals(await first, 0);
  await assertRejects(async () => await iterator.next(), InternalError, "Cannot map element 1: one");
  assertEquals(await iterator.next(), 20);
  assertStrictEquals(await iterator.next(), DONE);
});

Deno.test("closing ends the wait and begins no further calls; late results and errors go nowhere", async () => {
  const { calls, iterator } = start((c) => parallelMap(c, null));
  const waiting = iterator.next();
  await iterator.close();
  assertStrictEquals(await waiting, DONE);
  calls.open.get(0)!.reject(new Error("late"));
  finish(calls, 1);
  for (let i = 0; i < 10; i++) await Promise.resolve();
  assertEquals([...calls.open.keys()], [0, 2]);
});

Deno.test("a take above stops the calls when it has enough", async () => {
  const { calls, iterator } = start((c) =>
    checkNode({ op: "take", inputs: [parallelMap(c, null)], count: 1 })
  );
  const first = iterator.next();
  finish(calls, 0);
  assertEquals(await first, 0);
  assertStrictEquals(await iterator.next(), DONE);
  finish(calls, 1);
  finish(calls, 2);
  for (let i = 0; i < 10; i++) await Promise.resolve();
  assertEquals([...calls.open.keys()], [3]);
  await iterator.close();
});

Deno.test("an element that comes after the close is not given to the function", async () => {
  const later = Promise.withResolvers<number>();
  const { calls, iterator } = start((c) => parallelMap(c, null, map(range(1), () => later.promise)));
  const waiting = iterator.next();
  await iterator.close();
  assertStrictEquals(await waiting, DONE);
  later.resolve(1);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  assertEquals(calls.open.size, 0);
});
