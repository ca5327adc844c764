/** ReleaseIterationClient. */

import { NotFoundError } from "../../base/mod.ts";
import type { Context, Decision } from "./decision.ts";

/** Lets a reader go. The request is the client's id. */
export function releaseIterationClient({ state, now }: Context, id: number): Decision<null> {
  if (!state.clients.has(id)) throw new NotFoundError(`Iteration client id not found: ${id}`);
  return { updates: [{ type: "releaseClient", clientId: id, at: now }], reply: () => null };
}
