/** Where a pass over a dataset stands: what `reader.checkpoint()` gives and `reader({ checkpoint })` takes. */

import {
  checkBoolean,
  checkInteger,
  checkKeys,
  checkString,
  InvalidArgumentError,
  show,
} from "../base/mod.ts";
import { checkServiceCheckpoint, consumedOf, type ServiceCheckpoint } from "../client/mod.ts";
import { servicesOf } from "../executor/mod.ts";
import type { GraphNode } from "../graph/mod.ts";

/** Where a pass over a service stood that is a part of a pipeline. */
export interface ServicePlace {
  /** Which of the pipeline's places reads the service. */
  readonly at: number;
  /** How often that place was read before, from 0: by the passes of a `repeat`. */
  readonly pass: number;
  /** Where its reader stood. */
  readonly place: ServiceCheckpoint;
}

/**
 * Where a reader stood: a small plain object for `JSON.stringify`. A reader that is made from it gives exactly what
 * was not taken before it. What it holds is for Sluice alone to read.
 */
export interface Checkpoint {
  /** The version of this layout. */
  readonly version: 2;
  /** The operators of the dataset, from its sources on: a checkpoint fits no other pipeline. */
  readonly pipeline: string;
  /** How many elements the program had taken. */
  readonly taken: number;
  /** What chance was seeded with. */
  readonly seed: number;
  /** Which pass over the dataset it was, from 0. */
  readonly epoch: number;
  /** The program had come to the end: there is nothing left for it. */
  readonly finished: boolean;
  /**
   * The places in the services that the dataset is read through, where anything is left. Of each service the last
   * pass that had begun is among them; those before it that are not are over.
   */
  readonly services: readonly ServicePlace[];
  /** What it had of inputs that are read beside services, and how far operators had counted, in base64. */
  readonly settled: string;
}

const VERSION = 2;

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
  const { version, pipeline, taken, seed, epoch, finished, services, settled } = value as Record<
    string,
    unknown
  >;
  if (version !== VERSION) {
    throw new InvalidArgumentError(
      `\`checkpoint\` must be of version ${VERSION}, got version ${show(version)}`,
    );
  }
  checkKeys("checkpoint", value, [
    "version",
    "pipeline",
    "taken",
    "seed",
    "epoch",
    "finished",
    "services",
    "settled",
  ]);
  checkString("checkpoint.pipeline", pipeline);
  checkInteger("checkpoint.taken", taken, { min: 0 });
  checkInteger("checkpoint.seed", seed, { min: 0 });
  checkInteger("checkpoint.epoch", epoch, { min: 0 });
  checkBoolean("checkpoint.finished", finished);
  consumedOf("checkpoint.settled", settled);
  if (!Array.isArray(services)) {
    throw new InvalidArgumentError(`\`checkpoint.services\` must be an array, got ${show(services)}`);
  }
  services.forEach((place, i) => checkServicePlace(`checkpoint.services[${i}]`, place));
  const own = pipelineOf(root);
  if (pipeline !== own) {
    throw new InvalidArgumentError(`\`checkpoint\` belongs to the dataset ${pipeline}, not to ${own}`);
  }
  const known = services.length > 0 ? servicesOf(root) : null;
  for (const { at } of services as ServicePlace[]) {
    if (known?.has(at)) continue;
    throw new InvalidArgumentError(`\`checkpoint.services\` names place ${at}, which reads no service`);
  }
  return value as Checkpoint;
}

function checkServicePlace(name: string, value: unknown): void {
  if (typeof value !== "object" || value === null) {
    throw new InvalidArgumentError(`\`${name}\` must be an object, got ${show(value)}`);
  }
  checkKeys(name, value, ["at", "pass", "place"]);
  const { at, pass, place } = value as Record<string, unknown>;
  checkInteger(`${name}.at`, at, { min: 0 });
  checkInteger(`${name}.pass`, pass, { min: 0 });
  checkServiceCheckpoint(`${name}.place`, place);
}

// Nodes that a graph shares are named at each use, of which there may be very many.
const MOST_NAMES = 1_000;

/** The checkpoint of a reader of `root`. */
export function makeCheckpoint(
  root: GraphNode,
  place: Omit<Checkpoint, "version" | "pipeline">,
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
