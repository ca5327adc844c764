import { backoffMs, type Clock, NotFoundError, type Random } from "../base/mod.ts";
import { createWorkerClient, isRetryable, type WorkerClient } from "../rpc/mod.ts";
import { callWithDeadline } from "./call_with_deadline.ts";
import type { OpenSession } from "./core/events.ts";
import { FAREWELL_MS } from "./farewell.ts";
import { asFromWire, type LocalWorker } from "./local_workers.ts";

/** What acknowledgements need. */
export interface AcknowledgerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch?: typeof globalThis.fetch;
  readonly clientId: bigint;
  /** The worker at an address, if it is read without the network. */
  readonly local?: (address: string) => LocalWorker | undefined;
}

/** What became of an acknowledgement. */
export type AcknowledgeOutcome =
  | { readonly kind: "answered" }
  /** The worker does not have the session any more. */
  | { readonly kind: "gone" }
  /** It may be tried again. */
  | { readonly kind: "failed" };

/** Tells workers what a reader has taken. */
export class Acknowledger {
  readonly #options: AcknowledgerOptions;
  readonly #clients = new Map<string, WorkerClient>();

  /** For one client of an iteration. */
  constructor(options: AcknowledgerOptions) {
    this.#options = options;
  }

  /**
   * Tells a worker once, after a delay if it was told `attempt` times before in vain.
   *
   * @throws the signal's reason once it is aborted
   * @throws whatever the worker refuses the acknowledgement with
   */
  async send(
    session: OpenSession,
    { attempt, signal }: { attempt: number; signal: AbortSignal },
  ): Promise<AcknowledgeOutcome> {
    const { clock, random } = this.#options;
    if (attempt > 0) await clock.sleep(backoffMs(attempt - 1, random), { signal });
    try {
      await this.#call(session, { release: false, signal });
      return { kind: "answered" };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof NotFoundError) return { kind: "gone" };
      if (isRetryable(error)) return { kind: "failed" };
      throw error;
    }
  }

  /** Gives a session back: what was not taken goes to other readers. One attempt; never rejects. */
  async release(session: OpenSession): Promise<void> {
    try {
      await this.#call(session, { release: true, timeoutMs: FAREWELL_MS });
    } catch {
      // The worker finds out by itself, when nobody has come back to the session for a while.
    }
  }

  async #call(
    { task, address, position: { session, taken, takenWithin = 0, limit } }: OpenSession,
    options: { release: boolean; signal?: AbortSignal; timeoutMs?: number },
  ): Promise<void> {
    const { clock, clientId } = this.#options;
    const { release, signal, timeoutMs } = options;
    const request = {
      taskId: task,
      iterationClientId: clientId,
      sessionId: session,
      takenSequence: BigInt(taken),
      takenWithin,
      limitSequence: BigInt(limit),
      release,
    };
    const local = this.#options.local?.(address);
    await callWithDeadline(async (call) => {
      if (!local) return void await this.#client(address).acknowledgeElements(request, call);
      await local.acknowledgeElements(request, call.signal).catch((error) => {
        throw asFromWire(error, local);
      });
    }, { clock, signal, timeoutMs });
  }

  #client(address: string): WorkerClient {
    let client = this.#clients.get(address);
    if (!client) {
      client = createWorkerClient(address, this.#options);
      this.#clients.set(address, client);
    }
    return client;
  }
}
