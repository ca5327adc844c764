/** ClientHeartbeat. */

import { NotFoundError } from "../../base/mod.ts";
import { type ClientView, clientView } from "./client_view.ts";
import type { Context, Decision } from "./decision.ts";

/** Tells a reader what to read. The request is the client's id. */
export function clientHeartbeat({ state, durable }: Context, id: number): Decision<ClientView> {
  if (!state.clients.has(id)) {
    throw new NotFoundError(
      durable
        ? `Iteration client id not found: ${id}. It was released, or silent for too long`
        : `Unknown iteration client id ${id}. The dispatcher is not configured to be fault tolerant, so this could ` +
          "be caused by a dispatcher restart; or the client was released or silent for too long",
    );
  }
  return { updates: [], reply: (after) => clientView(after, id), heard: { client: id } };
}
