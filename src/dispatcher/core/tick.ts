/** What time brings about by itself: lost workers, silent clients, garbage. */

import { answer, type Context, type Decision } from "./decision.ts";
import { hasPending } from "./recovery.ts";
import { hasRested, isGivenUp, overdue, UNHEARD_CLIENT_MS } from "./retention.ts";
import type { Update } from "./updates.ts";

/** What a look at the heartbeats found. */
export interface LivenessReport {
  /** Workers that are silent for too long, to be tried and then lost or confirmed. */
  readonly silentWorkers: readonly string[];
  /** Clients that were released for their silence. */
  readonly releasedClients: readonly number[];
  /** Tasks that were taken from workers which made no progress with them. */
  readonly stalledTasks: readonly { readonly taskId: number; readonly worker: string }[];
}

/** How long a lost worker stays listed, at least; a fleet on changing ports must not pile up. */
const FORGET_LOST_AFTER_MS = 600_000;

/** Finds silent workers and stalled tasks, releases silent clients, and forgets workers that were lost long ago. */
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
    updates.push({ type: "releaseClient", clientId, lost: true, at: now });
    releasedClients.push(clientId);
  }
  for (const clientId of neverHeard(context)) {
    updates.push({ type: "releaseClient", clientId, lost: true, at: now });
    releasedClients.push(clientId);
  }
  const stalledTasks = findStalled(context);
  for (const { taskId } of stalledTasks) updates.push({ type: "loseTask", taskId, at: now });
  return {
    updates,
    reply: () => ({ silentWorkers, releasedClients, stalledTasks }),
    progressed: stalledTasks.map(({ taskId }) => taskId),
  };
}

/**
 * Clients that have never sent a heartbeat and hold up what a lost worker had, which waits for their word. Whoever is
 * not awaited may come to its first heartbeat later: its program may be waiting to read.
 */
function neverHeard({ state, liveness, settings, now }: Context): Set<number> {
  const clients = new Set<number>();
  for (const iterationId of state.unfinished) {
    for (const { awaits } of state.iterations.get(iterationId)?.recovery?.lost.values() ?? []) {
      for (const id of awaits) {
        const client = state.clients.get(id);
        if (!client || liveness.clients.has(id) || now - client.since < settings.clientTimeoutMs) continue;
        clients.add(id);
      }
    }
  }
  return clients;
}

/**
 * Tasks that do nothing, while a reader waits for them all the time: with what they have, or, where they have nothing
 * and others have come to the end of the pass, to come there, too.
 */
function findStalled({ state, liveness, settings, now }: Context): { taskId: number; worker: string }[] {
  if (settings.leaseTimeoutMs < 0) return [];
  const stalled: { taskId: number; worker: string }[] = [];
  for (const [taskId, waiting] of liveness.starved) {
    const task = state.tasks.get(taskId);
    const iteration = task && state.iterations.get(task.iterationId);
    if (!task || task.finished || !iteration?.recovery) continue;
    const hasNothing = task.leases.every(({ rests }) => rests.size === 0);
    if (hasNothing && (iteration.completedBy.size === 0 || hasPending(iteration))) continue;
    if (![...waiting.values()].some((since) => now - since >= settings.leaseTimeoutMs)) continue;
    stalled.push({ taskId, worker: task.address });
  }
  return stalled;
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

/**
 * Gives up what nobody reads, frees what is over, and forgets what `retention.ts` keeps no longer. The reply is the
 * ids of iterations given up.
 */
export function collectGarbage(context: Context): Decision<readonly number[]> {
  const { state, settings: { jobGcTimeoutMs }, now } = context;
  const updates: Update[] = [...unheard(context)];
  const collected: number[] = [];
  if (jobGcTimeoutMs >= 0) {
    for (const iterationId of state.abandoned) {
      if (!isGivenUp(context, state.iterations.get(iterationId)!)) continue;
      updates.push({ type: "collectIteration", iterationId, at: now });
      collected.push(iterationId);
    }
    for (const iterationId of state.idle) {
      if (!hasRested(context, state.iterations.get(iterationId)!, jobGcTimeoutMs)) continue;
      updates.push({ type: "freeIteration", iterationId, at: now });
    }
    updates.push(...overdue(context));
  }
  return { updates, reply: () => collected };
}

/** Clients that have never sent a heartbeat and never will: their programs ended in between. */
function unheard({ state, liveness, now }: Context): Update[] {
  const updates: Update[] = [];
  for (const { id, since } of state.clients.values()) {
    if (liveness.clients.has(id) || now - since < UNHEARD_CLIENT_MS) continue;
    updates.push({ type: "releaseClient", clientId: id, lost: true, at: now });
  }
  return updates;
}
