/** Updates of the list of snapshots. */

import type { DispatcherState } from "../state.ts";
import type { BeginSnapshot, EndSnapshot, ForgetSnapshot } from "./updates.ts";

/** How many snapshots that are over are remembered. Of older ones their directories still tell. */
export const MAX_ENDED_SNAPSHOTS = 1_000;

/** Adds a snapshot. */
export function beginSnapshot({ snapshots }: DispatcherState, { path }: BeginSnapshot): void {
  snapshots.ended.delete(path);
  snapshots.begun.add(path);
}

/** A snapshot is over. */
export function endSnapshot({ snapshots: { begun, ended } }: DispatcherState, { path }: EndSnapshot): void {
  begun.delete(path);
  ended.add(path);
  for (const oldest of ended) {
    if (ended.size <= MAX_ENDED_SNAPSHOTS) break;
    ended.delete(oldest);
  }
}

/** There is no such snapshot. */
export function forgetSnapshot({ snapshots }: DispatcherState, { path }: ForgetSnapshot): void {
  snapshots.begun.delete(path);
  snapshots.ended.delete(path);
}
