/** Short names for the nodes that few tests need. */

import type { Element } from "../../../src/element/mod.ts";
import { checkNode, type GraphNode, inlineFunction } from "../../../src/graph/mod.ts";

const same = inlineFunction((x: unknown) => x);
const list = inlineFunction((x: unknown) => [x]);

export function fromTensorSlices(tensor: Element): GraphNode {
  return checkNode({ op: "fromTensorSlices", inputs: [], tensor });
}

export function fromGenerator(): GraphNode {
  return checkNode({ op: "fromGenerator", inputs: [], fn: inlineFunction(() => [1, 2]) });
}

export function random(seed: number | null): GraphNode {
  return checkNode({ op: "random", inputs: [], seed });
}

export function parallelMap(input: GraphNode, deterministic: boolean | null): GraphNode {
  return checkNode({ op: "map", inputs: [input], fn: same, parallel: 2, deterministic });
}

export function interleave(
  input: GraphNode,
  { parallel = 1, deterministic = null }: { parallel?: number; deterministic?: boolean | null } = {},
): GraphNode {
  return checkNode({
    op: "interleave",
    inputs: [input],
    fn: list,
    cycleLength: 2,
    blockLength: 1,
    parallel,
    deterministic,
  });
}

export function paddedBatch(input: GraphNode): GraphNode {
  return checkNode({
    op: "paddedBatch",
    inputs: [input],
    size: 2,
    dropRemainder: false,
    paddedShapes: null,
    paddingValues: null,
  });
}

export function bucket(input: GraphNode): GraphNode {
  return checkNode({
    op: "bucketBySequenceLength",
    inputs: [input],
    length: same,
    boundaries: [3],
    batchSizes: [2, 2],
    dropRemainder: false,
    paddedShapes: null,
    paddingValues: null,
  });
}

export function groupByWindow(input: GraphNode): GraphNode {
  return checkNode({ op: "groupByWindow", inputs: [input], key: same, reduce: list, size: 2 });
}

export function unbatch(input: GraphNode): GraphNode {
  return checkNode({ op: "unbatch", inputs: [input] });
}

export function rebatch(input: GraphNode): GraphNode {
  return checkNode({ op: "rebatch", inputs: [input], size: 2, dropRemainder: false });
}

export function cache(input: GraphNode): GraphNode {
  return checkNode({ op: "cache", inputs: [input] });
}

export function enumerate(input: GraphNode): GraphNode {
  return checkNode({ op: "enumerate", inputs: [input], start: 0 });
}

export function takeWhile(input: GraphNode): GraphNode {
  return checkNode({ op: "takeWhile", inputs: [input], fn: same });
}

export function scan(input: GraphNode): GraphNode {
  return checkNode({ op: "scan", inputs: [input], init: 0, fn: inlineFunction((s: number) => [s, s]) });
}

export function ignoreErrors(input: GraphNode): GraphNode {
  return checkNode({ op: "ignoreErrors", inputs: [input], log: false });
}

export function tfDataService(): GraphNode {
  return checkNode({
    op: "tfDataService",
    inputs: [],
    options: {
      address: "localhost:5050",
      datasetId: "letters",
      shardingPolicy: 0,
      jobName: null,
      elementSpec: null,
      maxOutstandingRequests: null,
      trainerId: null,
      targetWorkers: "AUTO",
      taskRefreshIntervalMs: 1_000,
      dispatcherTimeoutMs: 300_000,
    },
  });
}
