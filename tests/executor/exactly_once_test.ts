/**
 * The law of provenance: whichever elements of a pipeline are taken before it is lost, a second one over what is not
 * consumed gives the others, and only those. Elements are compared by the values in them: batches may be composed
 * differently.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FakeClock, SeededRandom } from "../../src/base/mod.ts";
import { decodeProvenance, type Element, Ledger, ProvenanceWriter } from "../../src/element/mod.ts";
import {
  type CallSpreader,
  DONE,
  execute,
  type ExecutionContext,
  Failure,
  type Pulled,
} from "../../src/executor/mod.ts";
import { checkNode, type GraphNode, inlineFunction, sourcesOf, visitationOf } from "../../src/graph/mod.ts";
import { memoryFileSystem } from "../../src/sources/mod.ts";
import { LossyDispatcher } from "./lossy_dispatcher.ts";
import { batch, map } from "./operator_table.ts";
import { datasetOf, fn, fromArray, fromGenerator, range, testContext } from "./support.ts";

const FILES: Record<string, string> = Object.fromEntries(
  Array.from({ length: 6 }, (_, i) => {
    const lines = Array.from({ length: (i * 3) % 7 }, (_, line) => `${1000 * (i + 1) + line}`);
    return [`f${i}.txt`, lines.map((line) => `${line}\n`).join("")];
  }),
);
const NAMES = Object.keys(FILES).sort();

/** Changes with each run, so that nothing is ready in the same order twice. */
let salt = 0;

function hash(x: number): number {
  return Math.imul(x + 7, 2654435761) >>> 8;
}

/** Resolves after a few turns, another number each run. */
async function later<T>(key: number, value: T): Promise<T> {
  for (let turns = hash(key + salt) % 7; turns > 0; turns--) await Promise.resolve();
  return value;
}

const children = (x: number) => Array.from({ length: hash(x) % 4 }, (_, i) => x * 5 + i);
async function* childrenLater(x: number) {
  for (const child of children(x)) yield await later(child, child);
}
function failing(x: number): number {
  if (hash(x) % 5 === 0) throw new Error(`no ${x}`);
  return x;
}

interface Step {
  readonly name: string;
  build(input: GraphNode): GraphNode;
}

const sampled = (weights: number[] | null, ...inputs: GraphNode[]): GraphNode =>
  checkNode({ op: "sampleFromDatasets", inputs, weights, seed: null });
const concatenated = (...inputs: GraphNode[]): GraphNode => checkNode({ op: "concatenate", inputs });
const ignoring = (input: GraphNode): GraphNode =>
  checkNode({ op: "ignoreErrors", inputs: [input], log: false });
const flatMapped = (input: GraphNode, live: (x: number) => unknown): GraphNode =>
  checkNode({ op: "flatMap", inputs: [input], fn: fn(live) });
const readTexts = (input: GraphNode): GraphNode =>
  map(
    checkNode({ op: "readFiles", inputs: [input], format: "textLines", options: {} }),
    (line: string) => Number(line),
  );
function parallelMap(
  input: GraphNode,
  live: (x: never) => unknown,
  deterministic: boolean | null,
): GraphNode {
  return checkNode({ op: "map", inputs: [input], fn: fn(live), parallel: 3, deterministic });
}
function shuffled(input: GraphNode, bufferSize: number): GraphNode {
  return checkNode({ op: "shuffle", inputs: [input], bufferSize, seed: null, reshuffleEachIteration: true });
}
function interleaved(
  input: GraphNode,
  live: (x: number) => unknown,
  parallel: number,
  deterministic: boolean | null = null,
): GraphNode {
  return checkNode({
    op: "interleave",
    inputs: [input],
    fn: fn(live),
    cycleLength: 3,
    blockLength: 2,
    parallel,
    deterministic,
  });
}

/** Up to three numbers out of few, by chance without a seed. */
function chance(x: number): GraphNode {
  const random = checkNode({ op: "random", inputs: [], seed: null });
  return checkNode({ op: "take", inputs: [map(random, (y: number) => y % 10)], count: hash(x) % 4 });
}

const LASTING = checkNode({
  op: "shuffle",
  inputs: [range(4)],
  bufferSize: 4,
  seed: null,
  reshuffleEachIteration: false,
});

const SOURCES: readonly { name: string; build(): GraphNode }[] = [
  { name: "range", build: () => range(9) },
  { name: "fromArray", build: () => fromArray([3, 1, 4, 1, 5, 9, 2, 6]) },
  {
    name: "fromTensorSlices",
    build: () => checkNode({ op: "fromTensorSlices", inputs: [], tensor: [7, 8, 9, 10, 11] }),
  },
  { name: "fromGenerator", build: () => fromGenerator(() => [5, 6, 7, 8, 9, 10]) },
  { name: "async fromGenerator", build: () => fromGenerator(() => childrenLater(13)) },
  {
    name: "listFiles and readFiles",
    build: () =>
      readTexts(checkNode({ op: "listFiles", inputs: [], patterns: ["*.txt"], shuffle: false, seed: null })),
  },
  {
    name: "arrays, unbatched",
    build: () =>
      checkNode({
        op: "unbatch",
        inputs: [fromArray([[1, 2, 3], [4], [5, 6, 7, 8], [9, 10]].map((a) => new Float64Array(a)))],
      }),
  },
];

/** Steps from numbers to numbers. */
const STEPS: readonly Step[] = [
  { name: "map", build: (i) => map(i, (x: number) => x + 1) },
  { name: "async map", build: (i) => map(i, (x: number) => later(x, x + 1)) },
  { name: "parallel map", build: (i) => parallelMap(i, (x: number) => later(x, x + 2), null) },
  {
    name: "parallel map, out of order",
    build: (i) => parallelMap(i, (x: number) => later(x, x + 2), false),
  },
  {
    name: "parallel map that waits now and then",
    build: (i) => parallelMap(i, (x: number) => x % 3 === 0 ? later(x, x + 2) : x + 2, false),
  },
  { name: "failing map", build: (i) => ignoring(map(i, failing)) },
  { name: "failing map, ignored further up", build: (i) => map(i, failing) },
  {
    name: "failing parallel map",
    build: (i) => ignoring(parallelMap(i, async (x: number) => failing(await later(x, x)), false)),
  },
  {
    name: "filter",
    build: (i) => checkNode({ op: "filter", inputs: [i], fn: fn((x: number) => hash(x) % 3 !== 0) }),
  },
  {
    name: "async filter",
    build: (i) => checkNode({ op: "filter", inputs: [i], fn: fn((x: number) => later(x, hash(x) % 3 > 0)) }),
  },
  { name: "flatMap", build: (i) => flatMapped(i, children) },
  { name: "flatMap of datasets", build: (i) => flatMapped(i, (x) => datasetOf(fromArray(children(x)))) },
  { name: "flatMap of async generators", build: (i) => flatMapped(i, childrenLater) },
  {
    name: "flatMap of flatMaps",
    build: (i) => flatMapped(i, (x) => datasetOf(flatMapped(fromArray(children(x)), children))),
  },
  {
    name: "flatMap of what fails",
    build: (i) => ignoring(flatMapped(i, (x) => datasetOf(map(fromArray(children(failing(x))), failing)))),
  },
  {
    name: "flatMap of shuffles",
    build: (i) =>
      flatMapped(i, (x) => datasetOf(shuffled(fromArray(children(x).concat(children(x + 1))), 5))),
  },
  {
    name: "flatMap of chance and of what is ready first",
    build: (i) =>
      flatMapped(i, (x) => {
        const two = [
          shuffled(fromArray(children(x)), 9),
          flatMapped(range(3), (y) => datasetOf(chance(x + y))),
        ];
        return datasetOf(parallelMap(sampled(null, ...two), (y: number) => later(y, y), false));
      }),
  },
  {
    name: "flatMap of a shuffle that keeps its order",
    build: (i) => flatMapped(i, () => datasetOf(LASTING)),
  },
  {
    name: "interleave of shuffles",
    build: (i) => interleaved(i, (x) => datasetOf(shuffled(fromArray(children(x)), 5)), 2),
  },
  { name: "interleave", build: (i) => interleaved(i, children, 1) },
  { name: "interleave of async generators", build: (i) => interleaved(i, childrenLater, 1) },
  { name: "parallel interleave", build: (i) => interleaved(i, childrenLater, 2) },
  { name: "parallel interleave, out of order", build: (i) => interleaved(i, childrenLater, 3, false) },
  {
    name: "parallel interleave of what fails",
    build: (i) =>
      ignoring(
        interleaved(i, (x) => datasetOf(map(fromArray(children(failing(x))), failing)), 2),
      ),
  },
  {
    name: "arrays and unbatch",
    build: (i) =>
      checkNode({ op: "unbatch", inputs: [map(i, (x: number) => new Float64Array(children(x)))] }),
  },
  { name: "readFiles", build: (i) => readTexts(map(i, (x: number) => `f${hash(x) % 6}.txt`)) },
  { name: "shuffle", build: (i) => shuffled(i, 4) },
  { name: "shuffle of all", build: (i) => shuffled(i, 1000) },
  { name: "prefetch", build: (i) => checkNode({ op: "prefetch", inputs: [i], bufferSize: 3 }) },
  { name: "repeat", build: (i) => checkNode({ op: "repeat", inputs: [i], count: 2 }) },
  { name: "concatenate", build: (i) => concatenated(i, map(range(3), (x: number) => 500 + x)) },
  { name: "concatenate behind", build: (i) => concatenated(flatMapped(range(3), children), i) },
  { name: "sample", build: (i) => sampled([1, 2], i, map(range(4), (x: number) => 900 + x)) },
  {
    name: "enumerate",
    build: (i) => map(checkNode({ op: "enumerate", inputs: [i], start: 0 }), ([, x]: [number, number]) => x),
  },
  { name: "options", build: (i) => checkNode({ op: "options", inputs: [i], deterministic: false }) },
  { name: "zip of one", build: (i) => map(checkNode({ op: "zip", inputs: [i] }), ([x]: [number]) => x) },
  // Those that no chain may keep: a test below sees to that.
  { name: "take", build: (i) => checkNode({ op: "take", inputs: [i], count: 3 }) },
  { name: "skip", build: (i) => checkNode({ op: "skip", inputs: [i], count: 1 }) },
  { name: "batch and unbatch", build: (i) => checkNode({ op: "unbatch", inputs: [batch(i, 2)] }) },
];

/** Steps that gather numbers. */
const GATHERING: readonly Step[] = [
  { name: "batch", build: (i) => batch(i, 3) },
  { name: "small batch", build: (i) => batch(i, 2) },
  {
    name: "batch without remainder",
    build: (i) => checkNode({ op: "batch", inputs: [i], size: 3, dropRemainder: true }),
  },
  {
    name: "paddedBatch",
    build: (i) =>
      checkNode({
        op: "paddedBatch",
        inputs: [i],
        size: 2,
        dropRemainder: false,
        paddedShapes: null,
        paddingValues: null,
      }),
  },
  {
    name: "bucketBySequenceLength",
    build: (i) =>
      checkNode({
        op: "bucketBySequenceLength",
        inputs: [i],
        length: fn((x: number) => x % 3 === 0 ? later(x, hash(x) % 10) : hash(x) % 10),
        boundaries: [3, 7],
        batchSizes: [2, 3, 2],
        dropRemainder: false,
        paddedShapes: null,
        paddingValues: null,
      }),
  },
  {
    name: "bucketBySequenceLength without remainder",
    build: (i) =>
      checkNode({
        op: "bucketBySequenceLength",
        inputs: [i],
        length: fn((x: number) => x % 10),
        boundaries: [5],
        batchSizes: [2, 3],
        dropRemainder: true,
        paddedShapes: null,
        paddingValues: null,
      }),
  },
  { name: "sample of batches", build: (i) => sampled(null, batch(i, 2), batch(range(5), 2)) },
];

/** Steps that batches may go through, too. */
const ANY_STEPS = STEPS.filter(({ name }) =>
  ["shuffle", "prefetch", "repeat", "options", "concatenate"].includes(name)
);
const BATCH_STEPS: readonly Step[] = [
  ...ANY_STEPS,
  { name: "async map of batches", build: (i) => map(i, (x: Element) => later(0, x)) },
  {
    name: "parallel map of batches",
    build: (i) => parallelMap(i, (x: Float64Array) => later(x[0] ?? 0, x), false),
  },
];

/** The numbers in an element. */
function leaves(element: Element): number[] {
  if (typeof element === "number") return [element];
  if (ArrayBuffer.isView(element)) return [...element as unknown as number[]];
  if (Array.isArray(element)) return element.flatMap(leaves);
  throw new Error(`Unexpected element ${String(element)}`);
}

function sorted(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}

/** What the first pipelines do: how many elements they give, and which of them are taken. */
interface Life {
  readonly pulls: number;
  /** Bits: element `i` is taken if bit `i % 8` is set. */
  readonly taken: number;
  /** Elements in a block. */
  readonly block: number;
}

interface Conditions {
  /** null: it is read to its end. */
  readonly life: Life | null;
  readonly isLater: boolean;
  readonly seed: number;
  /** What differs from the usual context. */
  readonly context: Partial<ExecutionContext>;
}

/** Runs a pipeline to its end or its loss; gives the leaves that were taken. */
async function live(
  root: GraphNode,
  dispatcher: LossyDispatcher,
  { life, isLater, seed, context }: Conditions,
): Promise<number[]> {
  salt++;
  const ledger = new Ledger();
  const iterator = execute(
    root,
    testContext({
      splits: dispatcher.supply({ later: isLater }),
      ledger,
      random: new SeededRandom(seed),
      nestedSeed: 7,
      files: memoryFileSystem(FILES),
      ...context,
    }),
  );
  const taken: number[] = [];
  let block: Element[] = [];
  const writer = new ProvenanceWriter(ledger);
  let blocks = 0;
  const finish = () => {
    const provenance = decodeProvenance(writer.finish(), block.length);
    for (let i = 0; i < block.length; i++) {
      // The last pipeline is read to the end; of the others' blocks any may be lost, and the end of any.
      if (life !== null && ((life.taken >> (blocks % 8)) & 1) === 0) break;
      taken.push(...leaves(block[i]));
      provenance.addTo(dispatcher.consumed, i, i + 1);
      if (life !== null && (life.taken >> ((blocks + i) % 8)) % 3 === 0) break;
    }
    block = [];
    blocks++;
  };
  let errors = 0;
  for (let pulls = 0; life === null || pulls < life.pulls; pulls++) {
    let pulled: Pulled<Element>;
    try {
      pulled = await iterator.next();
    } catch (error) {
      if (++errors > 3_000) throw error;
      continue;
    }
    if (pulled === DONE) break;
    block.push(pulled);
    writer.mark();
    if (block.length === (life?.block ?? 1)) finish();
  }
  finish();
  await iterator.close();
  return taken;
}

function dispatcherFor(root: GraphNode, size: number): LossyDispatcher {
  return new LossyDispatcher(
    sourcesOf(root).map(({ kind, count }) =>
      kind === "files" ? { count: NAMES.length, names: NAMES } : { count }
    ),
    size,
  );
}

interface Trial {
  readonly lives: readonly Life[];
  readonly size: number;
  readonly isLater: boolean;
  readonly seed: number;
}

const trials: fc.Arbitrary<Trial> = fc.record({
  lives: fc.array(
    fc.record({ pulls: fc.nat(25), taken: fc.nat(255), block: fc.integer({ min: 1, max: 4 }) }),
    { minLength: 1, maxLength: 3 },
  ),
  size: fc.integer({ min: 1, max: 6 }),
  isLater: fc.boolean(),
  seed: fc.nat(1000),
});

/** How many leaves may be dropped in one pass of one pipeline. */
function mostDropped(root: GraphNode): number {
  const sizes = JSON.stringify(root).matchAll(/"dropRemainder":true/g);
  return [...sizes].length * 8;
}

async function check(
  root: GraphNode,
  { lives, size, isLater, seed }: Trial,
  context: Partial<ExecutionContext> = {},
): Promise<void> {
  const toEnd: Conditions = { life: null, isLater, seed, context };
  const expected = sorted(await live(root, dispatcherFor(root, size), toEnd));
  const dispatcher = dispatcherFor(root, size);
  const given: number[] = [];
  for (const life of lives) {
    given.push(...await live(root, dispatcher, { ...toEnd, life, seed: seed + given.length }));
    dispatcher.lose();
  }
  given.push(...await live(root, dispatcher, { ...toEnd, seed: seed + 1 }));
  const most = mostDropped(root);
  if (most === 0) return assertEquals(sorted(given), expected);
  // Which elements are left over differs; none may come twice, and few are missing.
  const whole = sorted(
    await live(keepingAll(root), dispatcherFor(root, size), toEnd),
  );
  const counts = new Map<number, number>();
  for (const x of whole) counts.set(x, (counts.get(x) ?? 0) + 1);
  for (const x of given) counts.set(x, (counts.get(x) ?? 0) - 1);
  assert([...counts.values()].every((count) => count >= 0), "an element came twice");
  assert(whole.length - given.length <= most * (lives.length + 1) * 4, "too many elements are missing");
}

/** The graph with all remainders kept. */
function keepingAll(node: GraphNode): GraphNode {
  return checkNode(
    {
      ...node,
      inputs: node.inputs.map(keepingAll),
      ...("dropRemainder" in node && { dropRemainder: false }),
    } as unknown as GraphNode,
  );
}

for (const source of SOURCES) {
  Deno.test(`exactly once through the loss of a worker: ${source.name}`, async () => {
    const root = source.build();
    assertEquals(visitationOf(root).kind, "exactlyOnce");
    await fc.assert(fc.asyncProperty(trials, (trial) => check(root, trial)), { numRuns: 30 });
  });
}

for (const step of [...STEPS, ...GATHERING]) {
  Deno.test(`exactly once through the loss of a worker: ${step.name}`, async () => {
    const build = ({ build }: { build(): GraphNode }) => step.build(build());
    const source = fc.constantFrom(...SOURCES).map(build)
      .filter((root) => visitationOf(root).kind === "exactlyOnce");
    if (!SOURCES.map(build).some((root) => visitationOf(root).kind === "exactlyOnce")) return;
    await fc.assert(fc.asyncProperty(source, trials, (root, trial) => check(root, trial)), { numRuns: 30 });
  });
}

Deno.test("exactly once through the loss of a worker: chains of any operators", async () => {
  let kept = 0;
  let tried = 0;
  const chains = fc.record({
    source: fc.constantFrom(...SOURCES),
    steps: fc.array(fc.constantFrom(...STEPS), { maxLength: 5 }),
    gathering: fc.option(fc.constantFrom(...GATHERING)),
    above: fc.array(fc.constantFrom(...BATCH_STEPS), { maxLength: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(chains, trials, async ({ source, steps, gathering, above }, trial) => {
      const all = [...steps, ...(gathering ? [gathering] : []), ...(gathering ? above : [])];
      const root = all.reduce((input, { build }) => build(input), source.build());
      tried++;
      fc.pre(visitationOf(root).kind === "exactlyOnce");
      kept++;
      await check(root, trial);
    }),
    { numRuns: 300 },
  );
  assert(kept > tried / 5, `${kept} of ${tried} chains keep exactly-once`);
});

Deno.test("exactly once through the loss of a worker: chains that once failed", async () => {
  const lost = (pulls: number, taken: number, block: number): Trial["lives"] => [{ pulls, taken, block }];
  const prefetched = (input: GraphNode) => checkNode({ op: "prefetch", inputs: [input], bufferSize: 3 });
  // The end of the generator overtook its last elements in the buffer.
  await check(
    readTexts(
      map(prefetched(fromGenerator(() => [5, 6, 7, 8, 9, 10])), (x: number) => `f${hash(x) % 6}.txt`),
    ),
    { lives: lost(14, 64, 2), size: 1, isLater: true, seed: 0 },
  );
  // An error took along what the batch had gathered before it.
  const batches = batch(map(range(9), failing), 2);
  for (const above of [prefetched, (i: GraphNode) => parallelMap(i, (x: Element) => later(0, x), false)]) {
    for (let pulls = 1; pulls < 6; pulls++) {
      await check(above(batches), { lives: lost(pulls, 201, 1), size: 1, isLater: false, seed: 0 });
    }
  }
});

/** Threads whose answers come after a few turns. */
function spreader(): CallSpreader {
  let under = 0;
  return {
    open: () => ({
      threads: 1,
      get free() {
        return under < 2;
      },
      async call(first, elements) {
        under++;
        const values = await later(first, elements.map((x) => tripled(x as number)));
        under--;
        return values;
      },
      close: () => {},
    }),
    poll: () => {},
  };
}

function tripled(x: number): number | Failure {
  return x % 11 === 0 ? new Failure(new Error(`no ${x}`)) : 3 * x;
}

/** Every look at it takes a millisecond: a map soon finds that its calls are worth another thread. */
class TickingClock extends FakeClock {
  #looks = 0;

  override now(): number {
    return super.now() + this.#looks++;
  }
}

for (const deterministic of [true, false]) {
  Deno.test(`exactly once through the loss of a worker: map on several threads, ${deterministic}`, async () => {
    const { live: _live, ...sent } = inlineFunction((x: number) => {
      if (x % 11 === 0) throw new Error(`no ${x}`);
      return 3 * x;
    });
    const spread = checkNode({
      op: "map",
      inputs: [flatMapped(range(60), children)],
      fn: sent,
      parallel: 3,
      deterministic,
    });
    const long = trials.map((trial) => ({
      ...trial,
      lives: trial.lives.map((life) => ({ ...life, pulls: 4 * life.pulls })),
    }));
    await fc.assert(
      fc.asyncProperty(
        long,
        (trial) => check(ignoring(spread), trial, { clock: new TickingClock(), spreader: spreader() }),
      ),
      { numRuns: 30 },
    );
  });
}
