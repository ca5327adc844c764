import { FailedPreconditionError } from "../base/mod.ts";
import { checkpointObstacle, inTheWay } from "../client/mod.ts";
import { servicesOf } from "../executor/mod.ts";
import { type GraphNode, lockstepOf, orderOf, remainderOf, ShardingPolicy } from "../graph/mod.ts";

/** How a checkpoint of a reader says what its program has got. */
export type CheckpointPlan =
  /** By the number of elements: the pipeline is run again, and its first elements are left out. */
  | { readonly kind: "position" }
  /** By the number of elements, each of which is made of the next so many of the service. */
  | { readonly kind: "lockstep"; readonly elements: number }
  /** By what came with each element. */
  | { readonly kind: "settlement" }
  /** Not at all; `reason` says why. */
  | { readonly kind: "none"; readonly reason: string };

const PLANS = new WeakMap<GraphNode, CheckpointPlan>();

/** How checkpoints of a dataset's readers are made. Every reader that reads a service asks, so it is remembered. */
export function checkpointPlan(root: GraphNode): CheckpointPlan {
  let plan = PLANS.get(root);
  if (!plan) PLANS.set(root, plan = makePlan(root));
  return plan;
}

function makePlan(root: GraphNode): CheckpointPlan {
  const services = [...servicesOf(root).values()];
  for (const service of services) {
    const obstacle = checkpointObstacle(service);
    if (obstacle !== null) return { kind: "none", reason: obstacle };
  }
  const lockstep = lockstepOf(root);
  if (lockstep) return { kind: "lockstep", elements: lockstep.elements };
  if (services.some(({ options }) => options.shardingPolicy === ShardingPolicy.DYNAMIC)) {
    const remainder = remainderOf(root);
    return remainder.kind === "known"
      ? { kind: "settlement" }
      : { kind: "none", reason: inTheWay(remainder) };
  }
  const order = orderOf(root, { seeded: true, servicesKeepOrder: true });
  return order.kind === "deterministic" ? { kind: "position" } : { kind: "none", reason: inTheWay(order) };
}

/** @throws {FailedPreconditionError} if there can be no checkpoint, with the reason */
export function requirePlan(plan: CheckpointPlan): void {
  if (plan.kind === "none") throw new FailedPreconditionError(`Cannot make a checkpoint: ${plan.reason}`);
}
