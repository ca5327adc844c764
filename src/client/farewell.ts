import type { consumptionOf } from "./consumption_message.ts";
import { callWithDeadline } from "./call_with_deadline.ts";
import type { DispatcherLink } from "./dispatcher_link.ts";

/** How long a reader that leaves waits, in milliseconds, for the answers of those that it takes leave of. */
export const FAREWELL_MS = 1_000;

/** Tells the dispatcher that a client has left, and what it has consumed since its last heartbeat. Never rejects: the dispatcher releases clients that it does not hear of. */
export async function releaseClient(
  link: DispatcherLink,
  iterationClientId: bigint,
  consumed: ReturnType<typeof consumptionOf> = [],
): Promise<void> {
  const farewell = { iterationClientId, consumed };
  await callWithDeadline((call) => link.client.releaseIterationClient(farewell, call), {
    clock: link.environment.clock,
    timeoutMs: FAREWELL_MS,
  }).catch(() => {});
}
