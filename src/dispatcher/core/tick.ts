/** What time brings about by itself: lost workers, silent clients, garbage. */

import { ShardingPolicy } from "../../graph/mod.ts";
import { answer, type Context, type Decision } from "./decision.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { jobOfIteration } from "./lookup.ts";
import type { Iteration } from "./state.ts";
import type { Update } from "./updates.ts";

/** What a look at the heartbeats found. */
export interface LivenessReport {
  /** Workers that are silent for too long, to be tried and then lost or confirmed. */
  readonly silentWorkers: readonly string[];
  /** Clients that were released for their silence. */
  readonly releasedClients: readonly number[];
}

/** How long a lost worker stays listed, at least; a fleet on changing ports must not pile up. */
const FORGET_LOST_AFTER_MS = 600_000;

/** Finds silent workers, releases silent clients, and forgets workers that were lost long ago. */
export function checkLiveness(context: Context): Decision<LivenessReport> {
  const { state, liveness, settings, now } = context;
  const updates: Update[] = [];
  const silentWorkers: string[] = [];
  const releasedClients: number[] = [];
  const forgetAfter = Math.max(FORGET_LOST_AFTER_MS, 10 * settings.workerTimeoutMs);
  for (const { address, lostAt } of state.workers.values()) {
    if (lostAt === null) {
      if (isSilent(context, address)) silentWorkers.push(address);
    } else if (now - lostAt >= forgetAfter) {
      updates.push({ type: "removeWorker", address, at: now });
    }
  }
  for (const [clientId, heardAt] of liveness.clients) {
    if (now - heardAt < settings.clientTimeoutMs) continue;
    updates.push({ type: "releaseClient", clientId, at: now });
    releasedClients.push(clientId);
  }
  return { updates, reply: () => ({ silentWorkers, releasedClients }) };
}

/** Ends the tasks of a worker that is silent still. The reply says whether it was. */
export function loseWorker(context: Context, address: string): Decision<boolean> {
  if (!isSilent(context, address)) return answer(false);
  return { updates: [{ type: "loseWorker", address, at: context.now }], reply: () => true };
}

/** Counts a worker that answered a call as heard of. */
export function confirmWorker({ state }: Context, address: string): Decision<null> {
  if (state.workers.get(address)?.lostAt !== null) return answer(null);
  return { ...answer(null), heard: { worker: address } };
}

function isSilent({ state, liveness, settings, now }: Context, address: string): boolean {
  if (state.workers.get(address)?.lostAt !== null) return false;
  return now - (liveness.workers.get(address) ?? now) >= settings.workerTimeoutMs;
}

/** Gives up what nobody reads and frees what is over. The reply is the ids of iterations given up. */
export function collectGarbage(context: Context): Decision<readonly number[]> {
  const { state, now } = context;
  const updates: Update[] = [];
  const collected: number[] = [];
  if (context.settings.jobGcTimeoutMs >= 0) {
    for (const iterationId of state.unfinished) {
      if (!isAbandoned(context, state.iterations.get(iterationId)!)) continue;
      updates.push({ type: "collectIteration", iterationId, at: now });
      collected.push(iterationId);
    }
    for (const iterationId of state.idle) {
      if (isIdle(context, state.iterations.get(iterationId)!)) {
        updates.push({ type: "freeIteration", iterationId });
      }
    }
  }
  return { updates, reply: () => collected };
}

function isIdle({ settings, now }: Context, iteration: DeepReadonly<Iteration>): boolean {
  const { clients, lastReleasedAt } = iteration;
  // An iteration that nobody has left yet is one that its first reader is about to begin.
  return clients === 0 && lastReleasedAt !== null && now - lastReleasedAt >= settings.jobGcTimeoutMs;
}

function isAbandoned(context: Context, iteration: DeepReadonly<Iteration>): boolean {
  if (!isIdle(context, iteration)) return false;
  // Beginning a dynamically sharded iteration again would visit elements twice.
  const { policy } = jobOfIteration(context.state, iteration);
  return policy !== ShardingPolicy.DYNAMIC || context.settings.gcDynamicShardingJobs;
}
