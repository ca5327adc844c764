/** How much of a source a task gets at once. */

import type { DeepReadonly } from "./deep_readonly.ts";
import type { SourceDescription } from "./updates.ts";

/** Most indexes of one lease: at some million elements a second still only tens of leases. */
export const MAX_INDEXES = 65_536;

/** Most files of one lease: a file is much work already, and what a lost worker holds is lost. */
export const MAX_FILES = 4;

/** Indexes of one lease of an endless source, which never comes to an end that work had to be balanced for. */
export const ENDLESS_BLOCK = 1_024;

/** How many indexes a description stands for; Infinity where it is endless. */
export function indexCount(description: DeepReadonly<SourceDescription>): number {
  if (description.kind === "files") return description.names.length;
  return description.count < 0 ? Infinity : description.count;
}

/**
 * How many of `remaining` indexes (1 or more) the next lease gets, with `tasks` tasks at work: half a fair share,
 * so that leases are large at first and small towards the end, where a slow worker with a large one would keep
 * everybody waiting.
 */
export function leaseSize(kind: SourceDescription["kind"], remaining: number, tasks: number): number {
  if (remaining === Infinity) return ENDLESS_BLOCK;
  const most = kind === "files" ? MAX_FILES : MAX_INDEXES;
  return Math.min(most, Math.ceil(remaining / (2 * Math.max(1, tasks))));
}
