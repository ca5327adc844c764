/** UnregisterWorker. */

import { answer, type Context, type Decision } from "./decision.ts";

/** A worker's leave. */
export interface UnregisterWorkerRequest {
  readonly address: string;
  readonly uid: string;
}

/** Forgets a worker that stops. The leave of a former process under the address is not the present one's. */
export function unregisterWorker(
  { state, now }: Context,
  { address, uid }: UnregisterWorkerRequest,
): Decision<null> {
  if (state.workers.get(address)?.uid !== uid) return answer(null);
  return { updates: [{ type: "removeWorker", address, at: now }], reply: () => null };
}
