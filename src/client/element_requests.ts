import { backoffMs, type Clock, DeadlineExceededError } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import {
  compressionNumber,
  createWorkerClient,
  fromElementBatch,
  fromElementFailure,
  isRetryable,
  type WorkerClient,
} from "../rpc/mod.ts";
import { BlockDecoder } from "./block_decoder.ts";
import { callWithDeadline } from "./call_with_deadline.ts";
import { type CompressionWish, wishNumber } from "./compression_wish.ts";
import type { Ask, CoordinatedAnswer } from "./core/coordinated_events.ts";
import type { ReaderEnvironment } from "./environment.ts";

/** How long one request stays open, in milliseconds. A round may have to wait for its other consumers. */
const ROUND_WAIT_MS = 30_000;

/** How often a worker is told that its end has come in. */
const CONFIRMATIONS = 4;

/** What requests need. */
export interface ElementRequestsOptions {
  readonly environment: ReaderEnvironment;
  readonly consumerIndex: number;
  readonly compression: CompressionWish;
  /** Aborted when the reader is over. */
  readonly signal: AbortSignal;
}

/** Asks workers for the elements of single rounds. */
export class ElementRequests {
  readonly #options: ElementRequestsOptions;
  readonly #clients = new Map<string, WorkerClient>();
  readonly #decoders = new Map<bigint, BlockDecoder>();

  /** Connects to nobody yet. */
  constructor(options: ElementRequestsOptions) {
    this.#options = options;
  }

  /**
   * The answer of a worker, or "failed" if it cannot be reached. Refusals and errors of the pipeline are answers.
   *
   * @throws the signal's reason once it is aborted
   */
  async ask(ask: Ask): Promise<CoordinatedAnswer<Element> | "failed"> {
    const { environment: { clock, random }, signal } = this.#options;
    try {
      if (ask.attempt > 0) await clock.sleep(backoffMs(ask.attempt - 1, random), { signal });
      return await this.#askPatiently(ask, clock);
    } catch (error) {
      signal.throwIfAborted();
      return isRetryable(error) ? "failed" : { kind: "error", error };
    }
  }

  /** Tells a worker that its end has come in; gives up after a few attempts, for the worker may be gone. */
  async confirmEnd({ task, address, round }: Pick<Ask, "task" | "address" | "round">): Promise<void> {
    const { environment: { clock, random }, signal } = this.#options;
    for (let attempt = 0; attempt < CONFIRMATIONS; attempt++) {
      try {
        if (attempt > 0) await clock.sleep(backoffMs(attempt - 1, random), { signal });
        await this.#call({ task, address, round, oldest: round, skipped: [], allowSkip: false, attempt });
        return;
      } catch (error) {
        if (signal.aborted || !isRetryable(error)) return;
      }
    }
  }

  /** A round that takes long is asked for again and again: that is no failure of the worker's. */
  async #askPatiently(ask: Ask, clock: Clock): Promise<CoordinatedAnswer<Element>> {
    for (;;) {
      const asked = clock.now();
      try {
        return await this.#call(ask);
      } catch (error) {
        const isLate = error instanceof DeadlineExceededError && clock.now() - asked >= ROUND_WAIT_MS;
        if (!isLate) throw error;
      }
    }
  }

  async #call(ask: Ask): Promise<CoordinatedAnswer<Element>> {
    const { environment: { clock, codecs }, consumerIndex, compression, signal } = this.#options;
    const { task, address, round, oldest, skipped, allowSkip } = ask;
    const client = this.#client(address);
    const request = {
      taskId: task,
      consumerIndex,
      roundIndex: BigInt(round),
      oldestRound: BigInt(oldest),
      skippedPreviousRound: skipped.includes(oldest - 1),
      skippedRounds: skipped.map(BigInt),
      allowSkip,
      acceptedCompressions: codecs.names.filter((name) => name !== "NONE").map(compressionNumber),
      compression: wishNumber(compression),
    };
    const reply = await callWithDeadline((call) => client.getElement(request, call), {
      clock,
      signal,
      timeoutMs: ROUND_WAIT_MS,
    });
    if (reply.skipTask) return { kind: "skip" };
    if (reply.endOfSequence || !reply.batch) return { kind: "end" };
    const batch = fromElementBatch(reply.batch);
    if (batch.error) return { kind: "error", error: fromElementFailure(batch.error) };
    const bytes = Math.max(batch.uncompressedSize, batch.payload.byteLength);
    try {
      const block = await this.#decoder(task).decode(batch);
      return { kind: "element", element: block.get(0), bytes };
    } catch (error) {
      return { kind: "error", error };
    }
  }

  #client(address: string): WorkerClient {
    let client = this.#clients.get(address);
    if (!client) {
      client = createWorkerClient(address, { fetch: this.#options.environment.fetch });
      this.#clients.set(address, client);
    }
    return client;
  }

  #decoder(task: bigint): BlockDecoder {
    let decoder = this.#decoders.get(task);
    if (!decoder) this.#decoders.set(task, decoder = new BlockDecoder(this.#options.environment.codecs));
    return decoder;
  }
}
