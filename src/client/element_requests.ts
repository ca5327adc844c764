import { backoffMs, type Clock, DeadlineExceededError } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import type { GetElementResponse } from "../gen/sluice/v1/worker_pb.ts";
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

/** What a worker answered. */
export interface RoundAnswers {
  /** The rounds that were decided, the first among them. */
  readonly answers: readonly { readonly round: number; readonly answer: CoordinatedAnswer<Element> }[];
  /** The others that were asked for. */
  readonly unanswered: readonly number[];
}

/** Asks workers for the elements of rounds. */
export class ElementRequests {
  readonly #options: ElementRequestsOptions;
  readonly #clients = new Map<string, WorkerClient>();
  /** The addresses where somebody is: a request that takes long waits for other consumers there. */
  readonly #reached = new Set<string>();

  /** Connects to nobody yet. */
  constructor(options: ElementRequestsOptions) {
    this.#options = options;
  }

  /**
   * The answers of a worker, or "failed" if it cannot be reached. Refusals and errors of the pipeline are answers.
   *
   * @throws the signal's reason once it is aborted
   */
  async ask(ask: Ask): Promise<RoundAnswers | "failed"> {
    const { environment: { clock, random }, signal } = this.#options;
    try {
      if (ask.attempt > 0) await clock.sleep(backoffMs(ask.attempt - 1, random), { signal });
      return await this.#askPatiently(ask, clock);
    } catch (error) {
      signal.throwIfAborted();
      if (isRetryable(error)) return "failed";
      // The answer to another request may have overtaken this one: then its first round is too late, and no other.
      const [round, ...unanswered] = ask.rounds;
      return { answers: [{ round, answer: { kind: "error", error } }], unanswered };
    }
  }

  /** Tells a worker that its end has come in; says whether it has heard, for the worker may be gone. */
  async confirmEnd(
    { task, addresses, round, ended }: Pick<Ask, "task"> & {
      readonly addresses: readonly string[];
      readonly round: number;
      readonly ended: number;
    },
  ): Promise<boolean> {
    const { environment: { clock, random }, signal } = this.#options;
    const ask = { task, rounds: [round], oldest: round, skipped: [], allowSkip: false };
    for (let attempt = 0; attempt < CONFIRMATIONS; attempt++) {
      try {
        if (attempt > 0) await clock.sleep(backoffMs(attempt - 1, random), { signal });
        await this.#call({ ...ask, attempt, address: addresses[attempt % addresses.length] }, ended);
        return true;
      } catch (error) {
        if (signal.aborted || !isRetryable(error)) return true; // Nobody waits for it.
      }
    }
    return false;
  }

  /** A round that takes long is asked for again and again: that is no failure of the worker's. */
  async #askPatiently(ask: Ask, clock: Clock): Promise<RoundAnswers> {
    await this.#reach(ask.address);
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

  /** Finds out whether anybody is at an address: a firewall may drop what goes there, without a word. */
  async #reach(address: string): Promise<void> {
    if (this.#reached.has(address)) return;
    const { environment: { clock }, signal } = this.#options;
    await callWithDeadline((call) => this.#client(address).getVersion({}, call), { clock, signal });
    this.#reached.add(address);
  }

  async #call(ask: Ask, ended?: number): Promise<RoundAnswers> {
    const { environment: { clock, codecs }, consumerIndex, compression, signal } = this.#options;
    const { task, address, rounds, oldest, skipped, allowSkip } = ask;
    const [first, ...further] = rounds;
    const client = this.#client(address);
    const request = {
      taskId: task,
      consumerIndex,
      roundIndex: BigInt(first),
      furtherRounds: further.map(BigInt),
      oldestRound: BigInt(oldest),
      skippedPreviousRound: skipped.includes(oldest - 1),
      skippedRounds: skipped.map(BigInt),
      allowSkip,
      ...(ended !== undefined && { endedRound: BigInt(ended) }),
      acceptedCompressions: codecs.names.filter((name) => name !== "NONE").map(compressionNumber),
      compression: wishNumber(compression),
    };
    const reply = await callWithDeadline((call) => client.getElement(request, call), {
      clock,
      signal,
      timeoutMs: ROUND_WAIT_MS,
    });
    // The spec comes with the first element of a reply, and again where it changes.
    const decoder = new BlockDecoder(codecs);
    const answers = [{ round: first, answer: await answerOf(reply, decoder) }];
    for (const part of reply.further) {
      answers.push({ round: Number(part.roundIndex), answer: await answerOf(part, decoder) });
    }
    const answered = new Set(answers.map(({ round }) => round));
    return { answers, unanswered: further.filter((round) => !answered.has(round)) };
  }

  #client(address: string): WorkerClient {
    let client = this.#clients.get(address);
    if (!client) {
      client = createWorkerClient(address, this.#options.environment);
      this.#clients.set(address, client);
    }
    return client;
  }
}

async function answerOf(
  { batch: message, skipTask }: Pick<GetElementResponse, "batch" | "skipTask">,
  decoder: BlockDecoder,
): Promise<CoordinatedAnswer<Element>> {
  if (!message) return { kind: skipTask ? "skip" : "end" };
  try {
    const batch = fromElementBatch(message);
    if (batch.error) return { kind: "error", error: fromElementFailure(batch.error) };
    const bytes = Math.max(batch.uncompressedSize, batch.payload.byteLength);
    const block = await decoder.decode(batch);
    return { kind: "element", element: block.get(0), bytes };
  } catch (error) {
    return { kind: "error", error };
  }
}
