import {
  hasHint,
  orderOf,
  parseGraph,
  shardForPolicy,
  ShardingPolicy,
  sourcesOf,
  visitationOf,
} from "../../graph/mod.ts";
import { canonicalSpec } from "./canonical_spec.ts";
import type { DatasetFormat } from "./dataset_format.ts";

/** Sluice's own graphs. */
export const sluiceFormat: DatasetFormat = {
  name: "sluice",
  check: (graph) => void parseGraph(graph),
  canonicalSpec,
  sources(graph) {
    const { root } = parseGraph(graph);
    return sourcesOf(
      shardForPolicy(root, { policy: ShardingPolicy.DYNAMIC, numWorkers: 0, workerIndex: 0 }),
    );
  },
  weakness(graph) {
    const visitation = visitationOf(parseGraph(graph).root);
    return visitation.kind === "weaker" ? { operator: visitation.operator, reason: visitation.reason } : null;
  },
  order: (graph) => orderOf(parseGraph(graph).root),
  hasShardHint: (graph) => hasHint(parseGraph(graph).root),
};
