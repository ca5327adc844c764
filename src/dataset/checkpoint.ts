/** Where a pass over a dataset stands: what `reader.checkpoint()` gives and `reader({ checkpoint })` takes. */

import {
  checkInteger,
  checkKeys,
  checkString,
  FailedPreconditionError,
  InvalidArgumentError,
  show,
} from "../base/mod.ts";
import {
  checkpointObstacle,
  checkServiceCheckpoint,
  inTheWay,
  type ServiceCheckpoint,
} from "../client/mod.ts";
import { type DataServiceNode, type GraphNode, orderOf } from "../graph/mod.ts";

/**
 * Where a reader stood: a small plain object for `JSON.stringify`. A reader that is made from it gives exactly what
 * was not taken before it. What it holds is for Sluice alone to read.
 */
export interface Checkpoint {
  /** The version of this layout. */
  readonly version: 1;
  /** The operators of the dataset, from its sources on: a checkpoint fits no other pipeline. */
  readonly pipeline: string;
  /** How many elements the program had taken. */
  readonly taken: number;
  /** What chance was seeded with. */
  readonly seed: number;
  /** Which pass over the dataset it was, from 0. */
  readonly epoch: number;
  /** The place in the service that the dataset is read through; null: the pass had not begun there, or there is none. */
  readonly service: ServiceCheckpoint | null;
}

const VERSION = 1;

/**
 * A checkpoint out of what a program has kept, for the dataset of `root`.
 *
 * @throws {InvalidArgumentError} if it is none, or one of another pipeline
 */
export function checkCheckpoint(value: unknown, root: GraphNode): Checkpoint {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError(
      `\`checkpoint\` must be what a reader's checkpoint() gave, got ${show(value)}`,
    );
  }
  const { version, pipeline, taken, seed, epoch, service } = value as Record<string, unknown>;
  if (version !== VERSION) {
    throw new InvalidArgumentError(
      `\`checkpoint\` must be of version ${VERSION}, got version ${show(version)}`,
    );
  }
  checkKeys("checkpoint", value, ["version", "pipeline", "taken", "seed", "epoch", "service"]);
  checkString("checkpoint.pipeline", pipeline);
  checkInteger("checkpoint.taken", taken, { min: 0 });
  checkInteger("checkpoint.seed", seed, { min: 0 });
  checkInteger("checkpoint.epoch", epoch, { min: 0 });
  const own = pipelineOf(root);
  if (pipeline !== own) {
    throw new InvalidArgumentError(`\`checkpoint\` belongs to the dataset ${pipeline}, not to ${own}`);
  }
  return {
    ...value as Checkpoint,
    service: service === null ? null : checkServiceCheckpoint(service),
  };
}

// Nodes that a graph shares are named at each use, of which there may be very many.
const MOST_NAMES = 1_000;

/** The checkpoint of a reader of `root`. */
export function makeCheckpoint(
  root: GraphNode,
  place: Pick<Checkpoint, "taken" | "seed" | "epoch" | "service">,
): Checkpoint {
  return { version: VERSION, pipeline: pipelineOf(root), ...place };
}

/** The operators of a graph in a line, inputs first. */
function pipelineOf(root: GraphNode): string {
  const names: string[] = [];
  const waiting: (GraphNode | string)[] = [root];
  for (let node = waiting.pop(); node !== undefined && names.length < MOST_NAMES; node = waiting.pop()) {
    if (typeof node === "string") {
      names.push(node);
      continue;
    }
    const { op, inputs } = node;
    if (inputs.length <= 1) waiting.push(op, ...inputs);
    else {
      waiting.push(`)${op}`);
      for (let i = inputs.length - 1; i >= 0; i--) waiting.push(...(i > 0 ? [inputs[i], ","] : [inputs[i]]));
      waiting.push("(");
    }
  }
  return names.join(".").replaceAll(/\.?([(),])\.?/g, "$1");
}

/**
 * The service that the dataset is read through, where its checkpoint is that of the service's reader; null: the whole
 * pipeline runs here.
 *
 * @throws {FailedPreconditionError} if no place in the pipeline says what the program has taken, naming the operator
 */
export function checkpointSource(root: GraphNode): DataServiceNode | null {
  const above: GraphNode[] = [];
  let node = root;
  while (node.op !== "dataService" && node.inputs.length === 1) {
    above.push(node);
    node = node.inputs[0];
  }
  if (node.op !== "dataService") {
    if (!readsService(root)) return checkLocal(root);
    throw refusal(`\`${node.op}\` reads a service beside other inputs`);
  }
  const holder = above.find((operator) => !givesAtOnce(operator));
  if (holder) {
    throw refusal(
      `\`${holder.op}\` keeps elements, or a count of them, that came out of \`distribute\`: put it before \`distribute\``,
    );
  }
  const obstacle = checkpointObstacle(node);
  if (obstacle !== null) throw refusal(obstacle);
  return node;
}

function checkLocal(root: GraphNode): null {
  const order = orderOf(root, { seeded: true });
  if (order.kind === "deterministic") return null;
  throw refusal(inTheWay(order));
}

function refusal(reason: string): FailedPreconditionError {
  return new FailedPreconditionError(`Cannot make a checkpoint: ${reason}`);
}

/** Whether an operator has given out, between two pulls, all that it has taken of its input. */
function givesAtOnce(node: GraphNode): boolean {
  switch (node.op) {
    case "map":
      return node.parallel <= 1;
    case "filter":
    case "batch":
    case "paddedBatch":
    case "ignoreErrors":
    case "options":
      return true;
    default:
      return false;
  }
}

function readsService(root: GraphNode): boolean {
  const waiting = [root];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (node.op === "dataService") return true;
    waiting.push(...node.inputs);
  }
  return false;
}
