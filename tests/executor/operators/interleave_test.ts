import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import type { Element } from "../../../src/element/mod.ts";
import { DONE, execute } from "../../../src/executor/mod.ts";
import { checkNode, type GraphNode, type UserFunction } from "../../../src/graph/mod.ts";
import { type Probe, probe } from "../probe.ts";
import { datasetOf, fn, fromArray, range, run, runSync, runWithErrors, testContext } from "../support.ts";

interface Options {
  cycleLength?: number;
  blockLength?: number;
  parallel?: number;
  deterministic?: boolean | null;
}

function interleave(live: UserFunction, input: GraphNode, options: Options = {}): GraphNode {
  const { cycleLength = 2, blockLength = 1, parallel = 1, deterministic = null } = options;
  return checkNode({
    op: "interleave",
    inputs: [input],
    fn: fn(live),
    cycleLength,
    blockLength,
    parallel,
    deterministic,
  });
}

async function turns(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

// The example of tf.data's documentation.
const EXAMPLE = "1111222211223333444433445555" + "55";

Deno.test("interleave has tf.data's order, read ahead or not", async () => {
  for (const parallel of [1, 2, 5]) {
    const six = interleave((x) => Array(6).fill(x), fromArray([1, 2, 3, 4, 5]), {
      cycleLength: 2,
      blockLength: 4,
      parallel,
    });
    assertEquals(runSync(six).join(""), EXAMPLE);
    const later = interleave(
      async function* (x) {
        for (let i = 0; i < 6; i++) yield await Promise.resolve(x);
      },
      fromArray([1, 2, 3, 4, 5]),
      { cycleLength: 2, blockLength: 4, parallel },
    );
    assertEquals((await run(later)).join(""), EXAMPLE);
  }
});

Deno.test("reading ahead changes nothing but the time, whatever the lengths", async () => {
  const lists = fc.array(fc.array(fc.nat(99), { maxLength: 5 }), { maxLength: 8 });
  const size = fc.integer({ min: 1, max: 4 });
  await fc.assert(
    fc.asyncProperty(
      lists,
      size,
      size,
      size,
      fc.boolean(),
      async (lists, cycleLength, blockLength, parallel, waits) => {
        const open: UserFunction = (index: number) =>
          waits && index % 2 ? datasetOf(probe(lists[index], "mixed").node) : lists[index];
        const input = range(lists.length);
        const expected = runSync(interleave((index) => lists[index], input, { cycleLength, blockLength }));
        assertEquals(await run(interleave(open, input, { cycleLength, blockLength, parallel })), expected);
        const any = await run(
          interleave(open, input, { cycleLength, blockLength, parallel, deterministic: false }),
        );
        assertEquals([...any].sort(), [...expected].sort());
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("an error of one inner dataset leaves the others alone", async () => {
  for (const parallel of [1, 3]) {
    const items = await runWithErrors(interleave(
      function* (x) {
        yield x;
        if (x === 1) throw new Error("one");
        yield x;
      },
      fromArray([0, 1, 2]),
      { parallel },
    ));
    const error = "InternalError: Cannot interleave element 1: one";
    assertEquals(items.filter((item) => item === error).length, 1);
    assertEquals(items.filter((item) => item !== error).sort(), [0, 0, 1, 2, 2]);
  }
});

Deno.test("only as many inner datasets as asked for are read ahead at a time", async () => {
  let most = 0;
  let waiting = 0;
  const open = async function* (x: number) {
    for (let i = 0; i < 3; i++) {
      most = Math.max(most, ++waiting);
      await turns();
      waiting--;
      yield x;
    }
  };
  await run(interleave(open, range(8), { cycleLength: 6, parallel: 2 }));
  assert(most >= 2 && most <= 3, `${most} at a time`); // The one that the reader waits for comes on top.
});

Deno.test("what is ready comes first where order does not count", async () => {
  const slow = Promise.withResolvers<number[]>();
  const open = (x: number) => x === 0 ? slow.promise : [x, x];
  const node = interleave(open, range(3), { cycleLength: 3, parallel: 3, deterministic: false });
  const delayed = interleave(
    async function* (x) {
      if (x === 0) await slow.promise;
      yield x;
    },
    range(3),
    { cycleLength: 3, parallel: 3, deterministic: false },
  );
  const iterator = execute(delayed, testContext());
  const got: Element[] = [];
  for (let i = 0; i < 2; i++) got.push(await iterator.next() as Element);
  assertEquals(got.sort(), [1, 2]);
  slow.resolve([0]);
  assertEquals(await iterator.next(), 0);
  assertStrictEquals(await iterator.next(), DONE);
  assertEquals((await run(node)).sort(), [0, 1, 1, 2, 2]);
});

Deno.test("leaving closes every inner dataset that was opened, the ones read ahead too", async () => {
  for (const parallel of [1, 3]) {
    const probes: Probe[] = [];
    const open = (x: number) => {
      const opened = probe([x, x], "async", true);
      probes.push(opened);
      return datasetOf(opened.node);
    };
    const iterator = execute(interleave(open, range(9), { cycleLength: 3, parallel }), testContext());
    for (let i = 0; i < 4; i++) await iterator.next();
    await turns();
    await iterator.close();
    for (const { counts } of probes) assertEquals(counts.closed, counts.begun);
    const pulled = probes.map(({ counts }) => counts.pulled);
    await turns();
    assertEquals(probes.map(({ counts }) => counts.pulled), pulled);
  }
});
