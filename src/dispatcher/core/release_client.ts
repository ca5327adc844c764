/** ReleaseIterationClient. */

import { NotFoundError } from "../../base/mod.ts";
import { consumption, type TaskConsumption } from "./consumption.ts";
import type { Context, Decision } from "./decision.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { jobOfIteration, known } from "./lookup.ts";
import type { Client, StateView } from "./state.ts";
import type { Update } from "./updates.ts";

/** A reader's leave. */
export interface ReleaseClientRequest {
  readonly clientId: number;
  /** As in its heartbeats: the last that it has to say. @default nothing */
  readonly consumed?: readonly TaskConsumption[];
}

/** Lets a reader go. */
export function releaseIterationClient(
  { state, now }: Context,
  { clientId, consumed = [] }: ReleaseClientRequest,
): Decision<null> {
  const client = state.clients.get(clientId);
  if (!client) throw new NotFoundError(`Iteration client id not found: ${clientId}`);
  const { iterationId } = client;
  const iteration = known(state.iterations.get(iterationId), `iteration ${iterationId}`);
  const updates: Update[] = [
    ...consumption(state, clientId, iteration, { consumed, leftTasks: [] }),
    { type: "releaseClient", clientId, at: now },
  ];
  if (isLastOfPrivatePass(state, client)) updates.push({ type: "freeIteration", iterationId, at: now });
  return { updates, reply: () => null };
}

/**
 * Whether an unfinished pass over a job without a name loses its only reader. Nobody else can find it: its tasks
 * would keep their processes and pipelines for nothing until its time is over.
 */
function isLastOfPrivatePass(state: StateView, { iterationId }: DeepReadonly<Client>): boolean {
  const iteration = known(state.iterations.get(iterationId), `iteration ${iterationId}`);
  if (iteration.finished || iteration.clients > 1) return false;
  const { named, numConsumers } = jobOfIteration(state, iteration);
  return !named && numConsumers === null;
}
