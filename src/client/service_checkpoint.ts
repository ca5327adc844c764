/** Where a reader of a service stood, as plain data that may be kept anywhere. */

import {
  checkInteger,
  checkKeys,
  checkString,
  decodeBase64,
  encodeBase64,
  InvalidArgumentError,
  show,
} from "../base/mod.ts";
import { ConsumedSet, decodeConsumed, encodeConsumed } from "../element/mod.ts";
import { type DataServiceNode, orderOf, ShardingPolicy, visitationOf } from "../graph/mod.ts";

/** Where a reader stood in a pass over an iteration. */
export interface ServiceCheckpoint {
  /** Names the iteration among those of all dispatchers. */
  readonly iteration: string;
  /** The client that the reader was. */
  readonly client: string;
  /** Which pass of the job it read. */
  readonly repetition: number;
  /** The sharding policy, as {@linkcode ShardingPolicy}. */
  readonly policy: number;
  /** Source elements that its program has, in base64; empty without dynamic sharding. */
  readonly consumed: string;
  /** How many elements its program has. */
  readonly position: number;
  /** How many readers the iteration had. */
  readonly readers: number;
  /** The reader had come to the end: there is nothing left for it. */
  readonly finished: boolean;
}

/**
 * A checkpoint out of what a program has kept; `name` is its place there.
 *
 * @throws {InvalidArgumentError} if it is none
 */
export function checkServiceCheckpoint(name: string, value: unknown): ServiceCheckpoint {
  if (typeof value !== "object" || value === null) {
    throw new InvalidArgumentError(`\`${name}\` must be an object, got ${show(value)}`);
  }
  const token = value as Record<string, unknown>;
  const keys = ["iteration", "client", "repetition", "policy", "consumed", "position", "readers", "finished"];
  checkKeys(name, token, keys);
  for (const key of ["iteration", "client"]) checkString(`${name}.${key}`, token[key]);
  for (const key of ["repetition", "policy", "position", "readers"]) {
    checkInteger(`${name}.${key}`, token[key], { min: 0 });
  }
  const { client, consumed, finished } = token;
  if (typeof finished !== "boolean" || !/^\d{1,20}$/.test(String(client))) {
    throw new InvalidArgumentError(`\`${name}\` is not what a reader's checkpoint() gave`);
  }
  consumedOf(`${name}.consumed`, consumed);
  return value as ServiceCheckpoint;
}

/** What was consumed, of a checkpoint's text; `name` is its place there. @throws {InvalidArgumentError} if it is damaged */
export function consumedOf(name: string, text: unknown): ConsumedSet {
  if (text === "") return new ConsumedSet();
  if (typeof text !== "string") {
    throw new InvalidArgumentError(`\`${name}\` must be a string, got ${show(text)}`);
  }
  try {
    return decodeConsumed(decodeBase64(text));
  } catch (cause) {
    throw new InvalidArgumentError(`\`${name}\` is damaged`, { cause });
  }
}

/** What was consumed, as a checkpoint holds it. */
export function consumedText(consumed: ConsumedSet): string {
  return consumed.isEmpty ? "" : encodeBase64(encodeConsumed(consumed));
}

/** Says which operator makes a checkpoint impossible. */
export function inTheWay(
  { operator, reason }: { readonly operator: string; readonly reason: string },
): string {
  return `\`${operator}\` is in the way, because ${reason}`;
}

/**
 * Why a reader of `node` can have no checkpoint, as far as its options and its graph say; null: it can. Every reader
 * of a dynamically sharded job can whose pipeline keeps account of its source elements. Without sharding, a
 * position says where a reader stands, if the elements come again in the same order.
 */
export function checkpointObstacle(node: DataServiceNode): string | null {
  const { options, inputs } = node;
  if (options.consumerIndex !== null) return "the consumers of a coordinated read advance together";
  if (options.trainerId !== null) {
    return "a trainer of a cross-trainer cache skips what it comes too late for";
  }
  switch (options.shardingPolicy) {
    case ShardingPolicy.DYNAMIC: {
      const visitation = inputs.length === 1 ? visitationOf(inputs[0]) : { kind: "exactlyOnce" as const };
      if (visitation.kind === "exactlyOnce") return null;
      return inTheWay(visitation);
    }
    case ShardingPolicy.OFF: {
      if (options.jobName !== null) {
        return "without sharding the readers of a named job divide the elements by chance";
      }
      const order = inputs.length === 1 ? orderOf(inputs[0]) : { kind: "deterministic" as const };
      return order.kind === "deterministic" ? null : inTheWay(order);
    }
    default:
      return `sharding policy ${
        ShardingPolicy[options.shardingPolicy]
      } gives each worker a part of its own, and a ` +
        "position in one says nothing of the others: use DYNAMIC";
  }
}
