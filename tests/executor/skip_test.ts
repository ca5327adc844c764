/** The law of checkpoints: whoever leaves out what a reader has taken gets what that reader would have got next. */

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { SeededRandom } from "../../src/base/mod.ts";
import { DONE, execute, type ExecutionContext, type Pulled } from "../../src/executor/mod.ts";
import { checkNode, type GraphNode } from "../../src/graph/mod.ts";
import { memoryFileSystem } from "../../src/sources/mod.ts";
import { batch, map, OPERATORS } from "./operator_table.ts";
import { type Pace, probe } from "./probe.ts";
import { datasetOf, fn, fromArray, fromGenerator, range, testContext } from "./support.ts";

const ITEMS = [4, 7, 2, 9, 3, 5, 8, 1, 6];
const PACES: readonly Pace[] = ["sync", "async", "mixed"];

function context(seed: number): ExecutionContext {
  return testContext({
    random: new SeededRandom(seed),
    files: memoryFileSystem({ "a.txt": "1\n2\n3\n", "b.txt": "", "c.txt": "4\n5\n", "d.txt": "6\n" }),
  });
}

/** What a pipeline gives from its element number `skip` on; errors in braces. */
async function outcomes(root: GraphNode, seed: number, skip = 0): Promise<unknown[]> {
  const iterator = execute(root, context(seed), { skip });
  const found: unknown[] = [];
  for (;;) {
    let pulled: Pulled<unknown>;
    try {
      pulled = await iterator.next();
    } catch (error) {
      found.push(`{${(error as Error).message}}`);
      if (found.length > 5_000) throw error;
      continue;
    }
    if (pulled === DONE) break;
    found.push(pulled);
  }
  await iterator.close();
  return found;
}

/** Saves at every step, and restores. */
async function checkRestores(root: GraphNode, seed: number): Promise<void> {
  const whole = await outcomes(root, seed);
  for (let taken = 0; taken <= whole.length + 2; taken++) {
    assertEquals(await outcomes(root, seed, taken), whole.slice(taken), `after ${taken} elements`);
  }
}

const shuffled = (input: GraphNode, reshuffleEachIteration = true): GraphNode =>
  checkNode({ op: "shuffle", inputs: [input], bufferSize: 4, seed: null, reshuffleEachIteration });
const repeated = (input: GraphNode, count = 3): GraphNode =>
  checkNode({ op: "repeat", inputs: [input], count });
const sampled = (...inputs: GraphNode[]): GraphNode =>
  checkNode({ op: "sampleFromDatasets", inputs, weights: null, seed: null });
const readTexts = (input: GraphNode): GraphNode =>
  checkNode({ op: "readFiles", inputs: [input], format: "textLines", options: {} });
const shuffledInside = (x: number) => datasetOf(shuffled(range(x)));
const interleaved = (input: GraphNode, parallel: number): GraphNode =>
  checkNode({
    op: "interleave",
    inputs: [input],
    fn: fn(shuffledInside),
    cycleLength: 2,
    blockLength: 1,
    parallel,
    deterministic: null,
  });

/** Sources, and operators whose order is one of chance. */
const CHANCES: Record<string, () => GraphNode> = {
  range: () => checkNode({ op: "range", inputs: [], start: 10, stop: -3, step: -2 }),
  "fromTensorSlices": () => checkNode({ op: "fromTensorSlices", inputs: [], tensor: [1, 2, 3] }),
  "fromGenerator": () => fromGenerator(() => [1, 2, 3, 4]),
  random: () =>
    checkNode({ op: "take", inputs: [checkNode({ op: "random", inputs: [], seed: null })], count: 6 }),
  "readFiles": () =>
    readTexts(checkNode({ op: "listFiles", inputs: [], patterns: ["*.txt"], shuffle: true, seed: null })),
  shuffle: () => shuffled(fromArray(ITEMS)),
  "shuffle that keeps its order": () => repeated(shuffled(fromArray(ITEMS), false)),
  "repeated shuffle": () => repeated(shuffled(fromArray(ITEMS))),
  "shuffled repeat": () => shuffled(repeated(fromArray(ITEMS))),
  "sampleFromDatasets": () => sampled(fromArray(ITEMS), shuffled(range(5)), range(0)),
  "flatMap of shuffles": () =>
    checkNode({ op: "flatMap", inputs: [fromArray([3, 0, 5, 4])], fn: fn(shuffledInside) }),
  "interleave of shuffles": () => interleaved(fromArray([3, 0, 5, 4]), 1),
  "parallel interleave of shuffles": () => interleaved(repeated(shuffled(fromArray([3, 0, 5, 4])), 2), 3),
  "zip of prefetched shuffles": () => {
    const ahead = (input: GraphNode) => checkNode({ op: "prefetch", inputs: [input], bufferSize: 3 });
    return checkNode({
      op: "zip",
      inputs: [
        ahead(repeated(shuffled(map(range(4), (x: number) => Promise.resolve(x))))),
        ahead(repeated(shuffled(range(3)), 4)),
      ],
    });
  },
  "cached shuffle": () => repeated(checkNode({ op: "cache", inputs: [shuffled(range(6))] })),
  "endless repeat": () => checkNode({ op: "take", inputs: [repeated(shuffled(range(5)), -1)], count: 17 }),
  "repeat of nothing": () => repeated(fromArray([]), -1),
  "batch without remainder": () =>
    checkNode({ op: "batch", inputs: [range(8)], size: 3, dropRemainder: true }),
  "batch of what is no number": () => batch(map(range(7), (x: number) => [x, x]), 2),
};

for (const [name, build] of Object.entries(CHANCES)) {
  Deno.test(`saved at every step, the same remains: ${name}`, async () => {
    for (const seed of [1, 2, 3]) await checkRestores(build(), seed);
  });
}

for (const operator of OPERATORS) {
  Deno.test(`saved at every step, the same remains: ${operator.name}`, async () => {
    for (const pace of PACES) await checkRestores(operator.build(probe(ITEMS, pace).node), 1);
    await checkRestores(operator.build(shuffled(repeated(range(5), 2))), 2);
  });
}

Deno.test("saved at every step, the same remains: chains of operators and of chance", async () => {
  const chance = fc.constantFrom(...Object.values(CHANCES));
  const numbers = chance.map((build) => map(build(), (x: unknown) => typeof x === "number" ? x % 50 : 1));
  const steps = fc.array(fc.constantFrom(...OPERATORS), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(numbers, steps, fc.nat(99), fc.nat(30), async (source, operators, seed, taken) => {
      const root = operators.reduce((input, { build }) => build(input), source);
      const whole = await outcomes(root, seed);
      fc.pre(whole.length < 2_000);
      assertEquals(await outcomes(root, seed, taken), whole.slice(taken));
    }),
    { numRuns: 300 },
  );
});

Deno.test("elements that failed are counted, wherever nothing gathers or counts elements above them", async () => {
  const failing = map(range(9), (x: number) => {
    if (x % 3 === 1) throw new Error(`no ${x}`);
    return x;
  });
  const above: Record<string, (input: GraphNode) => GraphNode> = {
    map: (input) => map(input, (x: number) => x + 1),
    "a chain": (input) =>
      Array.from({ length: 5 }).reduce<GraphNode>((below) => map(below, (x: number) => x + 1), input),
    prefetch: (input) => checkNode({ op: "prefetch", inputs: [input], bufferSize: 2 }),
    filter: (input) => checkNode({ op: "filter", inputs: [input], fn: fn((x: number) => x !== 2) }),
    repeat: (input) => repeated(input, 2),
    "parallel map": (input) => map(input, (x: number) => Promise.resolve(x), 3),
    flatMap: (input) => checkNode({ op: "flatMap", inputs: [input], fn: fn((x: number) => [x, x]) }),
    ignoreErrors: (input) => batch(checkNode({ op: "ignoreErrors", inputs: [input], log: false }), 2),
  };
  for (const build of Object.values(above)) await checkRestores(build(failing), 1);
});

Deno.test("what is left out is not made where that can be", async () => {
  let calls = 0;
  const counting = map(range(1_000_000), (x: number) => {
    calls++;
    return x;
  });
  const batches = checkNode({ op: "prefetch", inputs: [batch(counting, 100)], bufferSize: 2 });
  const enumerated = checkNode({ op: "enumerate", inputs: [repeated(batches, 5)], start: 0 });
  const iterator = execute(enumerated, context(1), { skip: 39_999 });
  const [index, numbers] = await iterator.next() as [number, Float64Array];
  assertEquals([index, numbers[0]], [39_999, 999_900]);
  assertEquals(calls < 400, true, `${calls} calls`);
  await iterator.close();
});

Deno.test("leaving out is ended by the reader's leave, and by an error that comes again and again", async () => {
  const endless = repeated(map(range(10), () => new Promise(() => {})), -1);
  const waiting = checkNode({ op: "filter", inputs: [endless], fn: fn(() => true) });
  const controller = new AbortController();
  const reason = new Error("enough");
  const iterator = execute(waiting, testContext({ signal: controller.signal }), { skip: 5 });
  const pulled = iterator.next();
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => Promise.resolve(pulled)), reason);
  const closed = execute(waiting, testContext(), { skip: 5 });
  const last = closed.next();
  await closed.close();
  assertEquals(await last, DONE);
});
