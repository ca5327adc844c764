/** ClientHeartbeat. */

import { NotFoundError } from "../../base/mod.ts";
import { type ClientView, clientView } from "./client_view.ts";
import type { Context, Decision } from "./decision.ts";
import { negotiate, type RoundReport } from "./rounds.ts";

/** Tells a reader what to read, and takes in how far a consumer of a coordinated read has come. */
export function clientHeartbeat(context: Context, report: RoundReport): Decision<ClientView> {
  const { state, durable } = context;
  const { clientId: id, currentRound } = report;
  if (!state.clients.has(id)) {
    throw new NotFoundError(
      durable
        ? `Iteration client id not found: ${id}. It was released, or silent for too long`
        : `Unknown iteration client id ${id}. The dispatcher is not configured to be fault tolerant, so this could ` +
          "be caused by a dispatcher restart; or the client was released or silent for too long",
    );
  }
  return {
    updates: negotiate(context, report),
    reply: (after) => clientView(after, id),
    heard: { client: id, ...(currentRound !== null && { round: currentRound }) },
  };
}
