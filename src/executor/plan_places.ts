/** The places of a plan, with names that outlive a process. */

import {
  type DataServiceNode,
  type GraphNode,
  planGraph,
  type PlannedNode,
  ShardingPolicy,
} from "../graph/mod.ts";

/** Every place of the plan that runs here: what is below a data service runs on its workers. */
export function* placesOf(root: PlannedNode): Iterable<PlannedNode> {
  const waiting = [root];
  for (let planned = waiting.pop(); planned; planned = waiting.pop()) {
    yield planned;
    if (planned.node.op !== "dataService") waiting.push(...planned.inputs);
  }
}

/** A number for each of them, which depends on nothing but the shape of the plan. */
export function ordinalsOf(root: PlannedNode): Map<PlannedNode, number> {
  const ordinals = new Map<PlannedNode, number>();
  for (const planned of placesOf(root)) ordinals.set(planned, ordinals.size);
  return ordinals;
}

/** The services that a graph reads in this process, by the number of the place. */
export function servicesOf(root: GraphNode): Map<number, DataServiceNode> {
  const services = new Map<number, DataServiceNode>();
  for (const [{ node }, ordinal] of ordinalsOf(planGraph(root))) {
    if (node.op === "dataService") services.set(ordinal, node);
  }
  return services;
}

/** The places below which a service is dynamically sharded: what they read comes in another order each time. */
export function dynamicallyRead(root: PlannedNode): Set<PlannedNode> {
  const dynamic = new Set<PlannedNode>();
  // Inputs come behind what they are inputs of.
  for (const planned of [...placesOf(root)].reverse()) {
    const { node, inputs } = planned;
    const isDynamic = node.op === "dataService"
      ? node.options.shardingPolicy === ShardingPolicy.DYNAMIC
      : inputs.some((input) => dynamic.has(input));
    if (isDynamic) dynamic.add(planned);
  }
  return dynamic;
}
