/** Keeps what happens to the list of snapshots. Whoever writes them decides; this list only outlives the process. */

import type { Context, Decision } from "../decision.ts";
import type { BeginSnapshot, EndSnapshot, ForgetSnapshot } from "./updates.ts";

/** Takes the update as it is. */
export function keepSnapshot(
  _context: Context,
  update: BeginSnapshot | EndSnapshot | ForgetSnapshot,
): Decision<null> {
  return { updates: [update], reply: () => null };
}
