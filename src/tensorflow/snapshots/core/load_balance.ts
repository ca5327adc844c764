/** Which snapshots a worker works on. */

import { InternalError } from "../../../base/mod.ts";
import type { SnapshotState } from "./state.ts";
import { isOpenTo, numWriting, streamOf } from "./streams.ts";

/** Snapshots by their paths. */
export type SnapshotStates = ReadonlyMap<string, SnapshotState>;

/** Whether a heartbeat's answer lists a snapshot for a worker that has a stream of it: one that is left out is cancelled. */
export function isBeingWritten({ mode }: SnapshotState): boolean {
  return mode === "active" || mode === "windingDown";
}

/**
 * The snapshot that a worker gets a stream of with this heartbeat: one at a time, so that workers that come together
 * spread over snapshots; the one that the fewest are writing first.
 *
 * @returns its path; null: the worker has enough, or there is none
 */
export function offerFor(snapshots: SnapshotStates, worker: string, max: number): string | null {
  let assigned = 0;
  let offer: { path: string; writers: number } | null = null;
  for (const [path, state] of snapshots) {
    if (isBeingWritten(state) && streamOf(state, worker) !== null) assigned++;
    if (!isOpenTo(state, worker)) continue;
    const writers = numWriting(state);
    if (!offer || writers < offer.writers) offer = { path, writers };
  }
  return assigned < max ? offer?.path ?? null : null;
}

/** @throws {InternalError} if a worker writes more than `max` streams, as after a restart with another setting */
export function checkNumberOfStreams(snapshots: SnapshotStates, max: number): void {
  const counts = new Map<string, number>();
  for (const state of snapshots.values()) {
    if (!isBeingWritten(state)) continue;
    for (const { owner, done } of state.streams.values()) {
      if (!done) counts.set(owner, (counts.get(owner) ?? 0) + 1);
    }
  }
  for (const [worker, count] of counts) {
    if (count <= max) continue;
    throw new InternalError(
      `Cannot recover tf.data snapshots: worker ${worker} was assigned too many streams: ${count}, where ` +
        `\`workerMaxConcurrentSnapshots\` is ${max}`,
    );
  }
}
