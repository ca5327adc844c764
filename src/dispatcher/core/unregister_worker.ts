/** UnregisterWorker and DrainWorker. */

import { NotFoundError } from "../../base/mod.ts";
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

/** Takes a worker's tasks from it for good: it ends when it hears of it. */
export function drainWorker({ state, now }: Context, address: string): Decision<null> {
  const worker = state.workers.get(address);
  if (!worker || worker.lostAt !== null) {
    throw new NotFoundError(
      `Worker ${address} not found. Registered: ${
        [...state.workers.values()].filter(({ lostAt }) => lostAt === null).map((other) => other.address)
          .join(", ") ||
        "none"
      }`,
    );
  }
  if (worker.draining) return answer(null);
  return { updates: [{ type: "drainWorker", address, at: now }], reply: () => null };
}
