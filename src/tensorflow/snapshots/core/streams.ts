/** Who writes which stream. */

import type { SnapshotState, Stream } from "./state.ts";

/** The stream that a worker is writing, by its number. A worker writes at most one of a snapshot at a time. */
export function streamOf(state: SnapshotState, worker: string): number | null {
  for (const [index, { owner, done }] of state.streams) if (owner === worker && !done) return index;
  return null;
}

/** Whether a worker without a stream may get one. */
export function isOpenTo(state: SnapshotState, worker: string): boolean {
  return state.mode === "active" && streamOf(state, worker) === null;
}

/** How many streams are being written. */
export function numWriting(state: SnapshotState): number {
  let count = 0;
  for (const { done } of state.streams.values()) if (!done) count++;
  return count;
}

/** The number of the next stream. */
export function nextStream(state: SnapshotState): number {
  return Math.max(-1, ...state.streams.keys()) + 1;
}

/** A worker has a stream from now on. */
export function addStream(state: SnapshotState, index: number, owner: string): void {
  const stream: Stream = { owner, done: false, numSplits: state.sources.map(() => 0) };
  state.streams.set(index, stream);
}

/** A worker has written all of its stream. Saying so twice changes nothing. */
export function completeStream(state: SnapshotState, index: number): void {
  const stream = state.streams.get(index);
  if (!stream || state.mode === "failed") return;
  stream.done = true;
  state.mode = numWriting(state) === 0 ? "done" : "windingDown";
}
