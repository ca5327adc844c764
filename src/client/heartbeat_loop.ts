import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ClientHeartbeatRequestSchema,
  ClientHeartbeatResponse,
} from "../gen/sluice/v1/dispatcher_pb.ts";
import { isRetryable } from "../rpc/mod.ts";
import { CALL_TIMEOUT_MS, callWithDeadline } from "./call_with_deadline.ts";
import type { DispatcherLink } from "./dispatcher_link.ts";
import { Attempts } from "./patience.ts";

// A client that has never sent a heartbeat is not taken for silent: its program may be waiting to read. The first one
// comes early, so that a reader that dies is not kept for long, but not at once: short passes are over by then.
const FIRST_MS = 100;

/** What a heartbeat says besides that the reader lives. */
export type HeartbeatReport = Omit<MessageInitShape<typeof ClientHeartbeatRequestSchema>, "$typeName">;

/** What a reader's heartbeats need. */
export interface HeartbeatLoopOptions {
  readonly link: DispatcherLink;
  readonly clientId: bigint;
  /** From one answer to the next heartbeat, in milliseconds. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  /** A heartbeat is about to leave. */
  readonly onSend: () => void;
  /** What a heartbeat says besides; asked anew for each attempt. @default nothing */
  readonly report?: () => HeartbeatReport;
  /** A heartbeat was answered. */
  readonly onAnswer: (answer: ClientHeartbeatResponse) => void;
  /** Whether the reader cannot go on without an answer. */
  readonly isNeeded: () => boolean;
}

/**
 * Sends heartbeats until the signal is aborted. While the dispatcher cannot be reached they are repeated and reading
 * goes on; only a reader that has needed the answer for the whole of `dispatcherTimeoutMs` gives up.
 */
export class HeartbeatLoop {
  readonly #options: HeartbeatLoopOptions;
  /** A heartbeat was asked for that has not been sent. */
  #isAsked = false;
  #wake: (() => void) | null = null;
  /** The latest list of tasks; the dispatcher does not send the same one twice. */
  #known: Pick<ClientHeartbeatResponse, "tasks" | "tasksTag"> = { tasks: [], tasksTag: 0n };

  /** Does not begin by itself. */
  constructor(options: HeartbeatLoopOptions) {
    this.#options = options;
  }

  /** Sends a heartbeat now, or as soon as the one under way is answered. */
  now(): void {
    this.#isAsked = true;
    this.#wake?.();
  }

  /**
   * Runs until the signal is aborted, which it rejects with.
   *
   * @throws {UnavailableError} if the dispatcher could not be reached for too long
   * @throws what the dispatcher refused a heartbeat with
   */
  async run(): Promise<never> {
    const { intervalMs } = this.#options;
    for (let pauseMs = Math.min(FIRST_MS, intervalMs);; pauseMs = intervalMs) {
      await this.#pause(pauseMs);
      this.#isAsked = false;
      this.#options.onAnswer(this.#complete(await this.#beat()));
    }
  }

  #complete(answer: ClientHeartbeatResponse): ClientHeartbeatResponse {
    if (answer.tasksUnchanged) return { ...answer, tasks: this.#known.tasks };
    this.#known = answer;
    return answer;
  }

  async #pause(pauseMs: number): Promise<void> {
    const { signal, link: { environment: { clock } } } = this.#options;
    if (this.#isAsked) return signal.throwIfAborted();
    const nap = new AbortController();
    this.#wake = () => nap.abort();
    signal.addEventListener("abort", this.#wake, { once: true });
    if (signal.aborted) nap.abort();
    await clock.sleep(pauseMs, { signal: nap.signal }).catch(() => {}); // Woken early.
    signal.removeEventListener("abort", this.#wake);
    this.#wake = null;
    signal.throwIfAborted();
  }

  /** One heartbeat, repeated until it is answered. */
  async #beat(): Promise<ClientHeartbeatResponse> {
    const { link, clientId, signal, isNeeded, onSend, report } = this.#options;
    const { clock, random, log } = link.environment;
    const { service, timeoutMs } = link;
    const attempts = new Attempts({ clock, random, log, what: "send a heartbeat", service, timeoutMs });
    const warning = attempts.warnLater();
    let neededSince: number | null = isNeeded() ? clock.now() : null;
    try {
      for (;;) {
        onSend();
        try {
          const send = (call: { signal: AbortSignal; timeoutMs: number }) =>
            link.client.clientHeartbeat(
              { iterationClientId: clientId, knownTasksTag: this.#known.tasksTag, ...report?.() },
              call,
            );
          const deadline = Math.max(1, Math.min(CALL_TIMEOUT_MS, timeoutMs));
          return await callWithDeadline(send, { clock, timeoutMs: deadline, signal });
        } catch (error) {
          signal.throwIfAborted();
          if (!isRetryable(error)) throw error;
          const delay = attempts.failed(error);
          if (!isNeeded()) neededSince = null;
          else neededSince ??= clock.now();
          const left = neededSince === null ? Infinity : neededSince + timeoutMs - clock.now();
          if (left <= 0) throw attempts.giveUp();
          await clock.sleep(Math.min(delay, left), { signal });
        }
      }
    } finally {
      warning.clear();
    }
  }
}
