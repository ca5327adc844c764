import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { InternalError } from "../../../src/base/mod.ts";
import { DONE, execute } from "../../../src/executor/mod.ts";
import { checkNode, type GraphNode } from "../../../src/graph/mod.ts";
import { map } from "../operator_table.ts";
import { type Pace, probe } from "../probe.ts";
import { range, testContext } from "../support.ts";

const prefetch = (input: GraphNode, bufferSize: number) =>
  checkNode({ op: "prefetch", inputs: [input], bufferSize });

async function turns(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

Deno.test("prefetch pulls ahead as far as its buffer, and no further", async () => {
  const { node, counts } = probe([...Array(100).keys()], "async");
  const iterator = execute(prefetch(node, 4), testContext());
  assertEquals(counts.pulled, 0);
  assertEquals(await iterator.next(), 0);
  await turns();
  assertEquals(counts.pulled, 5);
  assertEquals(iterator.next(), 1);
  await turns();
  assertEquals(counts.pulled, 6);
  await iterator.close();
  await turns();
  assertEquals(counts.pulled, 6);
  assertEquals(counts.closed, 1);
});

Deno.test("prefetch fills its buffer bit by bit from an input that does not wait", () => {
  const { node, counts } = probe([...Array(100).keys()], "sync");
  const iterator = execute(prefetch(node, 3), testContext());
  const pulled: number[] = [];
  for (let i = 0; i < 5; i++) {
    assertEquals(iterator.next(), i);
    pulled.push(counts.pulled);
  }
  assertEquals(pulled, [2, 4, 6, 7, 8]);
});

Deno.test("prefetch keeps an error in its element's place", async () => {
  for (const later of [false, true]) {
    const input = map(range(4), (x: number) => {
      if (x !== 2) return later ? Promise.resolve(x) : x;
      throw new Error("two");
    });
    const iterator = execute(prefetch(input, 4), testContext());
    assertEquals([await iterator.next(), await iterator.next()], [0, 1]);
    await turns();
    await assertRejects(async () => await iterator.next(), InternalError, "Cannot map element 2: two");
    assertEquals(await iterator.next(), 3);
    assertStrictEquals(await iterator.next(), DONE);
  }
});

Deno.test("prefetch stops when the reader aborts, and nothing is left unhandled", async () => {
  const controller = new AbortController();
  const { node, counts } = probe([1, 2], "async" satisfies Pace, true);
  const iterator = execute(prefetch(node, 8), testContext({ signal: controller.signal }));
  await iterator.next();
  await turns();
  controller.abort(new Error("left"));
  await turns();
  assertEquals(counts.closed, 1);
  await assertRejects(async () => await iterator.next(), Error, "left");
});
