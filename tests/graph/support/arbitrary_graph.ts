/** Random graphs of every operator, and graphs that differ from them in one attribute. */

import fc from "fast-check";
import { InvalidArgumentError } from "../../../src/base/mod.ts";
import { type Element, encodeValue } from "../../../src/element/mod.ts";
import { checkNode, type FunctionRef, type GraphNode, type OpName, walk } from "../../../src/graph/mod.ts";
import { operatorOf } from "../../../src/graph/operators.ts";

const count = fc.integer({ min: -1, max: 5 });
const size = fc.integer({ min: 1, max: 5 });
const seed = fc.option(fc.nat(9));
const flag = fc.boolean();
const maybe = fc.option(flag);
const name = fc.string({ minLength: 1, maxLength: 3 });
const element: fc.Arbitrary<Element> = fc.oneof(
  fc.double(),
  fc.string(),
  fc.boolean(),
  fc.bigInt(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 3 }).map((bytes) => Uint8Array.from(bytes)),
  fc.array(fc.nat(3), { maxLength: 3 }),
  fc.record({ a: fc.nat(3), b: fc.string() }),
);
const fn: fc.Arbitrary<FunctionRef> = fc.oneof(
  fc.record({
    kind: fc.constant("inline" as const),
    source: fc.constantFrom("(x) => x", "(x) => x + 1", "(x, { captures }) => captures"),
    captures: element,
  }),
  fc.record({
    kind: fc.constant("module" as const),
    url: fc.constantFrom("npm:a", "https://example.org/b.js"),
    exportName: fc.constantFrom("f", "g"),
    captures: element,
    hash: fc.constant(null),
  }),
);
const options = fc.record({
  service: fc.constantFrom("http://a:1", "http://b:2"),
  shardingPolicy: fc.integer({ min: 0, max: 5 }),
  jobName: fc.option(name),
  datasetId: fc.constant(null),
  consumerIndex: fc.constant(null),
  numConsumers: fc.constant(null),
  maxOutstandingRequests: fc.option(size),
  compression: fc.constantFrom("AUTO" as const, "ZSTD" as const),
  trainerId: fc.option(name),
  targetWorkers: fc.constantFrom("AUTO" as const, "LOCAL" as const),
  taskRefreshIntervalMs: size,
  dispatcherTimeoutMs: size,
  exactlyOnce: flag,
});

const tfOptions = fc.record({
  address: fc.constantFrom("a:1", "b:2"),
  datasetId: name,
  shardingPolicy: fc.integer({ min: 0, max: 5 }),
  jobName: fc.option(name),
  elementSpec: fc.option(fc.constantFrom({ kind: "number" }, { kind: "list", item: { kind: "string" } })),
  maxOutstandingRequests: fc.option(size),
  trainerId: fc.option(name),
  targetWorkers: fc.constantFrom("AUTO" as const, "ANY" as const),
  taskRefreshIntervalMs: size,
  dispatcherTimeoutMs: size,
});

type Attributes = Readonly<Record<string, fc.Arbitrary<unknown>>>;

const PADDING = { paddedShapes: element, paddingValues: element };

/** How the attributes of each operator come about. */
const ATTRIBUTES: { readonly [O in OpName]: Attributes } = {
  range: { start: count, stop: count, step: size },
  fromArray: { items: fc.array(element, { maxLength: 3 }) },
  fromTensorSlices: { tensor: fc.array(fc.double(), { maxLength: 3 }) },
  fromGenerator: { fn },
  random: { seed },
  listFiles: { patterns: fc.array(name, { minLength: 1, maxLength: 2 }), shuffle: flag, seed },
  readFiles: {
    format: fc.constantFrom("csv", "jsonl"),
    options: fc.dictionary(name, element, { maxKeys: 2 }),
  },
  dataService: { options },
  tfDataService: { options: tfOptions },
  map: { fn, parallel: size, deterministic: maybe },
  filter: { fn },
  flatMap: { fn },
  interleave: { fn, cycleLength: size, blockLength: size, parallel: size, deterministic: maybe },
  batch: { size, dropRemainder: flag },
  paddedBatch: { size, dropRemainder: flag, ...PADDING },
  unbatch: {},
  rebatch: { size, dropRemainder: flag },
  shuffle: { bufferSize: size, seed, reshuffleEachIteration: flag },
  repeat: { count },
  take: { count },
  skip: { count },
  shard: { num: fc.integer({ min: 4, max: 6 }), index: fc.nat(3) },
  prefetch: { bufferSize: size },
  cache: {},
  enumerate: { start: count },
  takeWhile: { fn },
  window: { size, shift: size, stride: size, dropRemainder: flag },
  scan: { init: element, fn },
  concatenate: {},
  zip: {},
  sampleFromDatasets: { weights: fc.option(fc.tuple(size, size)), seed },
  chooseFromDatasets: {},
  groupByWindow: { key: fn, reduce: fn, size: fc.oneof(size, fn) },
  bucketBySequenceLength: {
    length: fn,
    boundaries: fc.uniqueArray(size, { minLength: 1, maxLength: 1 }),
    batchSizes: fc.tuple(size, size),
    dropRemainder: flag,
    ...PADDING,
  },
  ignoreErrors: { log: flag },
  options: { deterministic: maybe },
};

const OPS = Object.keys(ATTRIBUTES) as OpName[];

/** Attributes of one node: as many inputs as the operator needs are picked among the nodes before it. */
const step = fc.constantFrom(...OPS).chain((op) =>
  fc.record({
    op: fc.constant(op),
    attributes: fc.record(ATTRIBUTES[op] as Record<string, fc.Arbitrary<unknown>>),
    picks: fc.tuple(fc.nat(99), fc.nat(99)),
  })
);

function build(op: OpName, inputs: readonly GraphNode[], attributes: object): GraphNode {
  return checkNode({ op, inputs, ...attributes } as unknown as GraphNode);
}

/** A graph of up to 8 operators that share inputs. */
export const graph: fc.Arbitrary<GraphNode> = fc.array(step, { minLength: 1, maxLength: 8 }).map((steps) => {
  const nodes: GraphNode[] = [build("range", [], { start: 0, stop: 3, step: 1 })];
  for (const { op, attributes, picks } of steps) {
    const { min, max } = operatorOf({ op }).arity;
    const inputs = picks.slice(0, max === Infinity ? 2 : op === "dataService" ? 1 : min);
    nodes.push(build(op, inputs.map((pick) => nodes[pick % nodes.length]), attributes));
  }
  return nodes[nodes.length - 1];
});

/** A graph and another that differs from it in one attribute of one node; null where the draw gave no such change. */
export const graphAndChanged: fc.Arbitrary<{ graph: GraphNode; changed: GraphNode; what: string } | null> =
  graph
    .chain((root) => {
      const nodes = [...walk(root)].filter((node) => Object.keys(ATTRIBUTES[node.op]).length > 0);
      if (nodes.length === 0) return fc.constant(null);
      return fc.constantFrom(...nodes).chain((node) =>
        fc.constantFrom(...Object.keys(ATTRIBUTES[node.op])).chain((attribute) =>
          ATTRIBUTES[node.op][attribute].map((value) => change(root, node, attribute, value))
        )
      );
    });

function change(root: GraphNode, target: GraphNode, attribute: string, value: unknown) {
  const before = target[attribute as keyof GraphNode] as unknown as Element;
  if (encodeValue(before).toString() === encodeValue(value as Element).toString()) return null;
  try {
    const changed = copyGraph(root, (node) => node === target ? { [attribute]: value } : {});
    return { graph: root, changed, what: `${target.op}.${attribute}` };
  } catch (error) {
    if (error instanceof InvalidArgumentError) return null; // The change breaks a rule between attributes.
    throw error;
  }
}

/** The graph with nothing shared, each node copied for each use, with its attributes in another order. */
export function copyGraph(root: GraphNode, changes: (node: GraphNode) => object = () => ({})): GraphNode {
  const { op, inputs, ...attributes } = { ...root, ...changes(root) } as GraphNode;
  const turned = Object.fromEntries(Object.entries(attributes).reverse());
  return build(op, inputs.map((input: GraphNode) => copyGraph(input, changes)), turned);
}
