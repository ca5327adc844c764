/** How much of a source a task gets at once. */

import type { DeepReadonly } from "./deep_readonly.ts";
import type { TaskLeases } from "./state.ts";
import type { SourceDescription } from "./updates.ts";

/** Most indexes of one lease where it is not known that they are little work. */
export const MAX_INDEXES = 65_536;

/** Most indexes of any lease. */
export const MAX_QUICK_INDEXES = 1_048_576;

/** Most files of one lease: a file is much work already, and what a lost worker holds is lost. */
export const MAX_FILES = 4;

/** Indexes of the first leases of an endless source, which has no end that work had to be balanced for. */
export const ENDLESS_BLOCK = 1_024;

/** How many indexes a description stands for; Infinity where it is endless. */
export function indexCount(description: DeepReadonly<SourceDescription>): number {
  if (description.kind === "files") return description.names.length;
  return description.count < 0 ? Infinity : description.count;
}

/**
 * A task whose pace is known gets work for about this long at once. The next lease is asked for when the work on one
 * begins; a busy worker looks at its sockets only every 25 ms, and reads several times before it has the answer.
 */
const WORTHWHILE_MS = 100;

/**
 * Where nobody says what has been read, a lease is lost with its worker: one index at first, then work for about this
 * long, but never more than that many indexes.
 */
const LOSABLE_MS = 10;
export const MAX_LOSABLE = 64;

/** What sizes a lease. */
export interface LeaseDemand {
  readonly kind: SourceDescription["kind"];
  /** How many indexes there are still, 1 or more. */
  readonly remaining: number;
  /** How many tasks are at work. */
  readonly tasks: number;
  /** How many indexes a millisecond the asking task gets through; 0: not known. */
  readonly pace: number;
  /** Whether all of it is lost with the worker. */
  readonly isLosable: boolean;
}

/**
 * How many indexes the next lease gets. Half a fair share, so that leases are large at first and small towards the
 * end, where a slow worker with a large one would keep everybody waiting; but up to a whole fair
 * share where less would have a fast worker spend its time on asking.
 */
export function leaseSize({ kind, remaining, tasks, pace, isLosable }: LeaseDemand): number {
  if (isLosable) {
    return kind === "files" ? 1 : Math.max(1, Math.min(Math.floor(pace * LOSABLE_MS), MAX_LOSABLE));
  }
  const fairShare = remaining / Math.max(1, tasks);
  if (kind === "files") return Math.min(MAX_FILES, Math.ceil(fairShare / 2));
  const usual = remaining === Infinity ? ENDLESS_BLOCK : Math.min(fairShare / 2, MAX_INDEXES);
  const worthwhile = Math.min(pace * WORTHWHILE_MS, fairShare, MAX_QUICK_INDEXES);
  return Math.ceil(Math.max(usual, worthwhile));
}

/**
 * How many indexes a millisecond a task gets through that asks for a further lease at time `now`. It asks when it
 * begins with the latest lease: since it asked for that one it has worked through the one before.
 */
export function paceOf({ answers, askedAt }: DeepReadonly<TaskLeases>, now: number): number {
  const before = answers.at(-2);
  return before === undefined ? 0 : (before.end - before.start) / Math.max(1, now - askedAt);
}
