/** Short names for nodes in tests. */

import { checkNode, type GraphNode, inlineFunction, type ListFilesNode } from "../../../src/graph/mod.ts";

export function range(stop: number): GraphNode {
  return checkNode({ op: "range", inputs: [], start: 0, stop, step: 1 });
}

export function fromArray(...items: number[]): GraphNode {
  return checkNode({ op: "fromArray", inputs: [], items });
}

export function listFiles(
  patterns: readonly string[],
  options: { shuffle?: boolean; seed?: number } = {},
): ListFilesNode {
  const { shuffle = false, seed = null } = options;
  return checkNode({ op: "listFiles", inputs: [], patterns, shuffle, seed });
}

export function readFiles(input: GraphNode): GraphNode {
  return checkNode({ op: "readFiles", inputs: [input], format: "tfrecord", options: {} });
}

export function map(input: GraphNode): GraphNode {
  return checkNode({
    op: "map",
    inputs: [input],
    fn: inlineFunction((x: number) => x + 1),
    parallel: 1,
    deterministic: null,
  });
}

export function filter(input: GraphNode): GraphNode {
  return checkNode({ op: "filter", inputs: [input], fn: inlineFunction((x: number) => x > 1) });
}

export function flatMap(input: GraphNode): GraphNode {
  return checkNode({ op: "flatMap", inputs: [input], fn: inlineFunction((x: unknown) => [x]) });
}

export function batch(input: GraphNode, size: number, dropRemainder = false): GraphNode {
  return checkNode({ op: "batch", inputs: [input], size, dropRemainder });
}

export function take(input: GraphNode, count: number): GraphNode {
  return checkNode({ op: "take", inputs: [input], count });
}

export function skip(input: GraphNode, count: number): GraphNode {
  return checkNode({ op: "skip", inputs: [input], count });
}

export function repeat(input: GraphNode, count = -1): GraphNode {
  return checkNode({ op: "repeat", inputs: [input], count });
}

export function shard(input: GraphNode, num: number, index: number): GraphNode {
  return checkNode({ op: "shard", inputs: [input], num, index });
}

export function shuffle(input: GraphNode, bufferSize: number, seed: number | null = null): GraphNode {
  return checkNode({ op: "shuffle", inputs: [input], bufferSize, seed, reshuffleEachIteration: true });
}

export function prefetch(input: GraphNode, bufferSize = 1): GraphNode {
  return checkNode({ op: "prefetch", inputs: [input], bufferSize });
}

export function withOptions(input: GraphNode, deterministic: boolean | null = null): GraphNode {
  return checkNode({ op: "options", inputs: [input], deterministic });
}

export function window(
  input: GraphNode,
  [size, shift, stride]: [number, number, number],
  dropRemainder: boolean,
): GraphNode {
  return checkNode({ op: "window", inputs: [input], size, shift, stride, dropRemainder });
}

export function zip(...inputs: GraphNode[]): GraphNode {
  return checkNode({ op: "zip", inputs });
}

export function concatenate(...inputs: GraphNode[]): GraphNode {
  return checkNode({ op: "concatenate", inputs });
}

export function choose(...inputs: GraphNode[]): GraphNode {
  return checkNode({ op: "chooseFromDatasets", inputs });
}

export function sample(inputs: GraphNode[], weights: number[] | null = null): GraphNode {
  return checkNode({ op: "sampleFromDatasets", inputs, weights, seed: null });
}

export function dataService(
  input: GraphNode | null,
  options: { shardingPolicy?: number; numConsumers?: number } = {},
): GraphNode {
  const { shardingPolicy = 0, numConsumers = null } = options;
  return checkNode({
    op: "dataService",
    inputs: input === null ? [] : [input],
    options: {
      service: "http://localhost:5050",
      shardingPolicy,
      datasetId: input === null ? "letters" : null,
      jobName: numConsumers === null ? null : "train",
      consumerIndex: numConsumers === null ? null : 0,
      numConsumers,
      maxOutstandingRequests: null,
      compression: "AUTO",
      trainerId: null,
      targetWorkers: "AUTO",
      taskRefreshIntervalMs: 1_000,
      dispatcherTimeoutMs: 300_000,
      exactlyOnce: false,
    },
  });
}

/** The operators of a graph from the root down, as a nested expression. */
export function sketch(node: GraphNode): string {
  const inputs = node.inputs.map((input: GraphNode) => sketch(input)).join(", ");
  const detail = node.op === "shard" ? `${node.num}, ${node.index}` : "";
  return `${node.op}(${[inputs, detail].filter((part) => part !== "").join("; ")})`;
}
