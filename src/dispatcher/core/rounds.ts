/**
 * Coordinated reads, as the dispatcher sees them. The consumers of an iteration go through it in rounds, and in
 * each round every one of them takes one element of each task. So a task that joins must be begun by all of them in
 * the same round: it waits, with a round proposed for it, until each consumer has promised to stop before that
 * round. Only the first of several waiting tasks is negotiated at a time.
 */

import type { Context } from "./decision.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { known } from "./lookup.ts";
import type { Iteration } from "./state.ts";
import type { AcceptRound, RejectRound } from "./updates.ts";

/** A task that waits to join. */
export interface PendingTask {
  taskId: number;
  /** The round in which it is proposed to begin. */
  targetRound: number;
  /** Clients that have promised to stop before that round, or an earlier one. */
  ready: Set<number>;
  /** How often a consumer had begun the proposed round already. */
  failures: number;
}

/** What an iteration has besides if its consumers are coordinated. */
export interface CoordinatedRounds {
  /** Tasks that wait to join, the one that is negotiated first. */
  pending: PendingTask[];
  /** The tasks that the consumers gave up, and the rounds from which on. */
  removed: Map<number, number>;
  /** Elements at the ends of its tasks that did not make a full round. */
  numDropped: number;
}

/** What a consumer says of its rounds in a heartbeat. */
export interface RoundReport {
  readonly clientId: number;
  /** The last round of which it has asked for an element; null: none so far. */
  readonly currentRound: number | null;
  /** It has stopped before this round; null: it goes on. */
  readonly blockedRound: number | null;
}

/** The step after a refused proposal doubles each time; beyond this it would only make consumers wait. */
const MAX_DOUBLINGS = 20;

/** Coordinated rounds at the begin of an iteration. */
export function createRounds(): CoordinatedRounds {
  return { pending: [], removed: new Map(), numDropped: 0 };
}

/** The round before which a consumer is to stop; nothing where it may go on. */
export function proposal({ rounds }: DeepReadonly<Iteration>): { readonly blockRound?: number } {
  const front = rounds?.pending[0];
  return front ? { blockRound: front.targetRound } : {};
}

/** The last round that any consumer of an iteration is known to have begun; -1: none. */
export function lastRound({ state, liveness }: Context, iterationId: number): number {
  let last = -1;
  for (const { id, iterationId: of } of state.clients.values()) {
    if (of === iterationId) last = Math.max(last, liveness.rounds.get(id) ?? -1);
  }
  return last;
}

/** What a consumer's report means for the task that is negotiated. */
export function negotiate(context: Context, report: RoundReport): (AcceptRound | RejectRound)[] {
  const { state, liveness } = context;
  const { clientId, currentRound, blockedRound } = report;
  const { iterationId } = known(state.clients.get(clientId), `client ${clientId}`);
  const iteration = known(state.iterations.get(iterationId), `iteration ${iterationId}`);
  const front = iteration.rounds?.pending[0];
  if (!front) return [];
  // A heartbeat that was overtaken on its way speaks of a promise that may be over.
  if (currentRound !== null && currentRound < (liveness.rounds.get(clientId) ?? -1)) return [];
  if (currentRound !== null && currentRound >= front.targetRound) {
    const step = 2 * 2 ** Math.min(front.failures, MAX_DOUBLINGS);
    return [{ type: "rejectRound", iterationId, clientId, targetRound: currentRound + step }];
  }
  if (blockedRound === null || blockedRound > front.targetRound || front.ready.has(clientId)) return [];
  return [{ type: "acceptRound", iterationId, clientId }];
}
