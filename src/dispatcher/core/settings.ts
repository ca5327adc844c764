/** What the core goes by: fields of `DispatcherConfig`, completed. All times are in milliseconds. */

import { checkBoolean, checkInteger, checkOneOf, InvalidArgumentError } from "../../base/mod.ts";

/** Where workers run, seen from the readers' hosts. */
export type DeploymentMode = "remote" | "colocated" | "hybrid";

/** The settings of a dispatcher. */
export interface DispatcherSettings {
  /** The fixed list of workers for static sharding, in the order of their shards; if it has any, others are refused. */
  readonly workerAddresses: readonly string[];
  /** How often unused iterations are looked for. */
  readonly jobGcCheckIntervalMs: number;
  /** How long an iteration without clients is kept; -1: for ever. */
  readonly jobGcTimeoutMs: number;
  /** Silence after which a worker counts as lost. */
  readonly workerTimeoutMs: number;
  /** Silence after which a client that has sent a heartbeat before is released. */
  readonly clientTimeoutMs: number;
  /** How long a task may keep readers waiting without any progress before others get what it has; -1: for ever. */
  readonly leaseTimeoutMs: number;
  /** Whether unfinished DYNAMIC iterations are collected too, although a later reader then sees elements again. */
  readonly gcDynamicShardingJobs: boolean;
  /** Told to readers. */
  readonly deploymentMode: DeploymentMode;
}

/** Checks settings that come from outside; @throws {InvalidArgumentError} naming the field. */
export function checkSettings(settings: DispatcherSettings): void {
  checkInteger("jobGcCheckIntervalMs", settings.jobGcCheckIntervalMs, { min: 1 });
  checkInteger("jobGcTimeoutMs", settings.jobGcTimeoutMs, { min: -1 });
  checkInteger("workerTimeoutMs", settings.workerTimeoutMs, { min: 1 });
  checkInteger("clientTimeoutMs", settings.clientTimeoutMs, { min: 1 });
  checkInteger("leaseTimeoutMs", settings.leaseTimeoutMs, { min: -1 });
  if (settings.leaseTimeoutMs === 0) {
    throw new InvalidArgumentError("`leaseTimeoutMs` must be 1 or more, or -1, got 0");
  }
  checkBoolean("gcDynamicShardingJobs", settings.gcDynamicShardingJobs);
  checkOneOf("deploymentMode", settings.deploymentMode, ["remote", "colocated", "hybrid"]);
}
