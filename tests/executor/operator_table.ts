import type { Element } from "../../src/element/mod.ts";
import { checkNode, type GraphNode } from "../../src/graph/mod.ts";
import { datasetOf, fn, fromArray } from "./support.ts";

/** An operator from numbers to numbers, and what it does to an array. */
export interface TableEntry {
  readonly name: string;
  build(input: GraphNode): GraphNode;
  model(items: number[]): number[];
  /** Whether its own function waits, so that it gives promises over a source that does not. */
  readonly waits?: true;
  /** Whether an element that fails moves others to another place, so that the law of errors does not hold. */
  readonly positional?: true;
}

/** `map` with its usual attributes. */
export function map(input: GraphNode, live: (x: never, context: never) => unknown, parallel = 1): GraphNode {
  return checkNode({ op: "map", inputs: [input], fn: fn(live), parallel, deterministic: null });
}

/** `batch` that keeps the remainder. */
export function batch(input: GraphNode, size: number): GraphNode {
  return checkNode({ op: "batch", inputs: [input], size, dropRemainder: false });
}

function interleave(input: GraphNode, parallel: number, live: (x: number) => unknown): GraphNode {
  return checkNode({
    op: "interleave",
    inputs: [input],
    fn: fn(live),
    cycleLength: 2,
    blockLength: 2,
    parallel,
    deterministic: null,
  });
}

/** tf.data's order, said in the dumbest way: a list of lists. */
function interleaved(lists: number[][]): number[] {
  const slots: (number[] | null)[] = [null, null];
  const output: number[] = [];
  for (let slot = 0; lists.length > 0 || slots.some((list) => list !== null); slot = 1 - slot) {
    slots[slot] ??= lists.shift() ?? null;
    for (let given = 0; given < 2 && slots[slot]; given++) {
      const item = slots[slot]!.shift();
      if (item === undefined) slots[slot] = null;
      else output.push(item);
    }
  }
  return output;
}

const thrice = (x: number) => Array.from({ length: Math.abs(x) % 4 }, (_, i) => x + i);
async function* thriceLater(x: number) {
  for (const item of thrice(x)) yield await Promise.resolve(item);
}

/** Every operator that makes numbers out of one input of numbers, alone or with a helper around it. */
export const OPERATORS: readonly TableEntry[] = [
  { name: "map", build: (i) => map(i, (x: number) => x * 2), model: (a) => a.map((x) => x * 2) },
  {
    name: "async map",
    build: (i) => map(i, (x: number) => Promise.resolve(x + 1)),
    model: (a) => a.map((x) => x + 1),
    waits: true,
  },
  { name: "parallel map", build: (i) => map(i, (x: number) => x - 1, 3), model: (a) => a.map((x) => x - 1) },
  {
    name: "parallel async map",
    build: (i) => map(i, (x: number) => Promise.resolve(x + 3), 3),
    model: (a) => a.map((x) => x + 3),
    waits: true,
  },
  {
    name: "filter",
    build: (i) => checkNode({ op: "filter", inputs: [i], fn: fn((x: number) => x % 3 !== 0) }),
    model: (a) => a.filter((x) => x % 3 !== 0),
  },
  {
    name: "async filter",
    build: (i) =>
      checkNode({ op: "filter", inputs: [i], fn: fn((x: number) => Promise.resolve(x % 2 === 0)) }),
    model: (a) => a.filter((x) => x % 2 === 0),
    waits: true,
  },
  {
    name: "flatMap of arrays",
    build: (i) => checkNode({ op: "flatMap", inputs: [i], fn: fn(thrice) }),
    model: (a) => a.flatMap(thrice),
  },
  {
    name: "flatMap of datasets",
    build: (i) =>
      checkNode({ op: "flatMap", inputs: [i], fn: fn((x: number) => datasetOf(fromArray(thrice(x)))) }),
    model: (a) => a.flatMap(thrice),
  },
  {
    name: "flatMap of async generators",
    build: (i) => checkNode({ op: "flatMap", inputs: [i], fn: fn(thriceLater) }),
    model: (a) => a.flatMap(thrice),
    waits: true,
  },
  {
    name: "interleave",
    build: (i) => interleave(i, 1, thrice),
    model: (a) => interleaved(a.map(thrice)),
  },
  {
    name: "parallel interleave",
    build: (i) => interleave(i, 2, thrice),
    model: (a) => interleaved(a.map(thrice)),
  },
  {
    name: "parallel interleave of async generators",
    build: (i) => interleave(i, 3, thriceLater),
    model: (a) => interleaved(a.map(thrice)),
    waits: true,
  },
  {
    name: "batch and unbatch",
    build: (i) => checkNode({ op: "unbatch", inputs: [batch(i, 3)] }),
    model: (a) => a,
  },
  {
    name: "batch, rebatch and sum",
    build: (i) =>
      map(
        checkNode({ op: "rebatch", inputs: [batch(i, 3)], size: 2, dropRemainder: true }),
        (b: Float64Array) => b[0] + b[1],
      ),
    model: (a) => a.flatMap((x, i) => i % 2 === 1 ? [a[i - 1] + x] : []),
  },
  {
    name: "paddedBatch and length",
    build: (i) =>
      map(
        checkNode({
          op: "paddedBatch",
          inputs: [i],
          size: 2,
          dropRemainder: false,
          paddedShapes: null,
          paddingValues: null,
        }),
        (b: Float64Array) => b.length,
      ),
    model: (a) => a.flatMap((_, i) => i % 2 === 1 ? [2] : i === a.length - 1 ? [1] : []),
  },
  {
    name: "shuffle of one",
    build: (i) =>
      checkNode({ op: "shuffle", inputs: [i], bufferSize: 1, seed: null, reshuffleEachIteration: true }),
    model: (a) => a,
  },
  {
    name: "repeat",
    build: (i) => checkNode({ op: "repeat", inputs: [i], count: 2 }),
    model: (a) => [...a, ...a],
    positional: true,
  },
  {
    name: "take",
    build: (i) => checkNode({ op: "take", inputs: [i], count: 4 }),
    model: (a) => a.slice(0, 4),
  },
  { name: "take all", build: (i) => checkNode({ op: "take", inputs: [i], count: -1 }), model: (a) => a },
  { name: "skip", build: (i) => checkNode({ op: "skip", inputs: [i], count: 2 }), model: (a) => a.slice(2) },
  {
    name: "shard",
    build: (i) => checkNode({ op: "shard", inputs: [i], num: 3, index: 1 }),
    model: (a) => a.filter((_, i) => i % 3 === 1),
  },
  {
    name: "prefetch",
    build: (i) => checkNode({ op: "prefetch", inputs: [i], bufferSize: 3 }),
    model: (a) => a,
  },
  { name: "cache", build: (i) => checkNode({ op: "cache", inputs: [i] }), model: (a) => a },
  {
    name: "enumerate",
    build: (i) =>
      map(
        checkNode({ op: "enumerate", inputs: [i], start: 5 }),
        ([index, x]: [number, number]) => index * 1000 + x,
      ),
    model: (a) => a.map((x, i) => (i + 5) * 1000 + x),
  },
  {
    name: "takeWhile",
    build: (i) => checkNode({ op: "takeWhile", inputs: [i], fn: fn((x: number) => x < 8) }),
    model: (a) => a.includes(8) || a.some((x) => x >= 8) ? a.slice(0, a.findIndex((x) => x >= 8)) : a,
  },
  {
    name: "window and sum",
    build: (i) =>
      map(
        checkNode({ op: "window", inputs: [i], size: 3, shift: 2, stride: 1, dropRemainder: false }),
        (w: number[]) => w.reduce((sum, x) => sum + x, 0),
      ),
    model: (a) => a.flatMap((_, i) => i % 2 === 0 ? [a.slice(i, i + 3).reduce((sum, x) => sum + x, 0)] : []),
  },
  {
    name: "scan",
    build: (i) =>
      checkNode({ op: "scan", inputs: [i], init: 0, fn: fn((s: number, x: number) => [s + x, s + x]) }),
    model: (a) => a.map((_, i) => a.slice(0, i + 1).reduce((sum, x) => sum + x, 0)),
  },
  {
    name: "concatenate",
    build: (i) => checkNode({ op: "concatenate", inputs: [i, fromArray([100, 200])] }),
    model: (a) => [...a, 100, 200],
  },
  {
    name: "zip",
    build: (i) =>
      map(
        checkNode({ op: "zip", inputs: [i, fromArray([1, 2, 3, 4, 5])] }),
        ([x, y]: [number, number]) => x * y,
      ),
    model: (a) => a.slice(0, 5).map((x, i) => x * (i + 1)),
    positional: true,
  },
  {
    name: "sampleFromDatasets of one",
    build: (i) => checkNode({ op: "sampleFromDatasets", inputs: [i], weights: null, seed: 1 }),
    model: (a) => a,
  },
  {
    name: "chooseFromDatasets",
    build: (i) =>
      checkNode({ op: "chooseFromDatasets", inputs: [i, fromArray([70, 71]), fromArray([1, 0, 0, 1, 0])] }),
    model: (a) => [70, ...a.slice(0, 2), 71, ...a.slice(2, 3)],
    positional: true,
  },
  {
    name: "groupByWindow",
    build: (i) =>
      checkNode({
        op: "groupByWindow",
        inputs: [i],
        key: fn((x: number) => x & 1),
        reduce: fn((_key: number, window: object) => window),
        size: 2,
      }),
    model: (a) => grouped(a, (x) => x & 1, 2),
  },
  {
    name: "bucketBySequenceLength and unbatch",
    build: (i) =>
      checkNode({
        op: "unbatch",
        inputs: [checkNode({
          op: "bucketBySequenceLength",
          inputs: [i],
          length: fn((x: number) => x),
          boundaries: [5],
          batchSizes: [3, 3],
          dropRemainder: false,
          paddedShapes: null,
          paddingValues: null,
        })],
      }),
    model: (a) => grouped(a, (x) => x < 5 ? 0 : 1, 3),
  },
  {
    name: "ignoreErrors",
    build: (i) => checkNode({ op: "ignoreErrors", inputs: [i], log: false }),
    model: (a) => a,
  },
  {
    name: "options",
    build: (i) => checkNode({ op: "options", inputs: [i], deterministic: true }),
    model: (a) => a,
  },
];

function grouped(items: number[], keyOf: (x: number) => number, size: number): number[] {
  const groups: [number[], number[]] = [[], []];
  const output: number[] = [];
  for (const item of items) {
    const group = groups[keyOf(item)];
    group.push(item);
    if (group.length === size) output.push(...group.splice(0));
  }
  return [...output, ...groups[0], ...groups[1]];
}

/** The entry of that name. */
export function entry(name: string): TableEntry {
  return OPERATORS.find((candidate) => candidate.name === name)!;
}

/** What a run gave, as numbers. */
export function numbers(elements: readonly Element[]): number[] {
  return elements as number[];
}
