/** ClientHeartbeat. */

import { NotFoundError } from "../../base/mod.ts";
import { type ClientView, clientView, lostTasks } from "./client_view.ts";
import { consumption, type ConsumptionReport } from "./consumption.ts";
import type { Context, Decision } from "./decision.ts";
import { known } from "./lookup.ts";
import { negotiate, type RoundReport } from "./rounds.ts";

/** A reader's heartbeat. */
export interface ClientHeartbeatRequest extends RoundReport, Partial<ConsumptionReport> {
  /** Tasks from which it waits for elements, with room for them. @default none */
  readonly starvedTasks?: readonly number[];
  /** It knows nothing of lost tasks: it takes nothing more of those that its list does not name. @default false */
  readonly leavesLost?: boolean;
}

const NOTHING: readonly never[] = [];

/** Tells a reader what to read, and takes in what it has got, and how far a consumer of a coordinated read has come. */
export function clientHeartbeat(context: Context, report: ClientHeartbeatRequest): Decision<ClientView> {
  const { state, durable, settings } = context;
  const { clientId: id, currentRound, consumed = NOTHING, starvedTasks = NOTHING } = report;
  const client = state.clients.get(id);
  if (!client) {
    throw new NotFoundError(
      durable
        ? `Iteration client id not found: ${id}. It was released, or silent for too long`
        : `Unknown iteration client id ${id}. The dispatcher is not configured to be fault tolerant, so this could ` +
          "be caused by a dispatcher restart; or the client was released or silent for too long",
    );
  }
  const heard = { client: id, ...(currentRound !== null && { round: currentRound }) };
  const reply = (after: Context["state"]) => clientView(after, id);
  const iteration = known(state.iterations.get(client.iterationId), `iteration ${client.iterationId}`);
  const { leftTasks = report.leavesLost ? lostTasks(iteration, id) : NOTHING } = report;
  if (consumed.length + leftTasks.length === 0 && settings.leaseTimeoutMs < 0) {
    return { updates: negotiate(context, report), reply, heard };
  }
  const news = consumption(state, id, iteration, { consumed, leftTasks });
  return {
    updates: [...news, ...negotiate(context, report)],
    reply,
    heard: {
      ...heard,
      ...(settings.leaseTimeoutMs >= 0 &&
        { starved: starvedTasks.filter((task) => iteration.tasks.has(task)) }),
    },
    progressed: news.filter(({ type }) => type === "consume").map(({ taskId }) => taskId),
  };
}
