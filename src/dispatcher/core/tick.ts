/** What time brings about by itself: lost workers, silent clients, garbage. */

import { ShardingPolicy } from "../../graph/mod.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import type { Context, Decision } from "./decision.ts";
import { jobOfIteration } from "./lookup.ts";
import type { Iteration } from "./state.ts";
import type { Update } from "./updates.ts";

/** What a tick did, for the log. */
export interface TickReport {
  readonly lostWorkers: readonly string[];
  readonly releasedClients: readonly number[];
}

/** How long a lost worker stays listed, at least; a fleet on changing ports must not pile up. */
const FORGET_LOST_AFTER_MS = 600_000;

/** Ends the tasks of workers that are silent for too long, and releases such clients. */
export function checkLiveness(context: Context): Decision<TickReport> {
  const { state, liveness, settings, now } = context;
  const updates: Update[] = [];
  const lostWorkers: string[] = [];
  const releasedClients: number[] = [];
  const forgetAfter = Math.max(FORGET_LOST_AFTER_MS, 10 * settings.workerTimeoutMs);
  for (const worker of state.workers.values()) {
    const { address } = worker;
    if (worker.lostAt !== null) {
      if (now - worker.lostAt >= forgetAfter) updates.push({ type: "removeWorker", address, at: now });
    } else if (now - (liveness.workers.get(address) ?? now) >= settings.workerTimeoutMs) {
      updates.push({ type: "loseWorker", address, at: now });
      lostWorkers.push(address);
    }
  }
  for (const [clientId, heardAt] of liveness.clients) {
    if (now - heardAt < settings.clientTimeoutMs) continue;
    updates.push({ type: "releaseClient", clientId, at: now });
    releasedClients.push(clientId);
  }
  return { updates, reply: () => ({ lostWorkers, releasedClients }) };
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
