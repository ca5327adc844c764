import { type Log, messageOf } from "../base/mod.ts";
import type { LinkTo } from "./worker_link.ts";

const SHORTEST_MS = 1_000;
const LONGEST_MS = 10_000;

/** What trying a worker takes. */
export interface ProbeOptions {
  log: Log;
  linkTo: LinkTo;
  workerTimeoutMs: number;
  signal: AbortSignal;
}

/**
 * Whether a worker that sent no heartbeat answers a call. Losing a worker loses the elements in its hands, and a
 * late heartbeat is no sign of death where timeouts are short or machines are busy; a refused connection is one.
 */
export async function probeWorker(address: string, options: ProbeOptions): Promise<boolean> {
  const { log, linkTo, workerTimeoutMs, signal } = options;
  const timeoutMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, workerTimeoutMs));
  try {
    await linkTo(address).probe(address, { timeoutMs, signal });
    return true;
  } catch (error) {
    log.info("A silent worker does not answer", { worker: address, reason: messageOf(error) });
    return false;
  }
}
