import { create, toBinary } from "@bufbuild/protobuf";
import {
  backoffMs,
  type Clock,
  errorFromCode,
  messageOf,
  type Random,
  SluiceError,
  type SluiceErrorCode,
  UnavailableError,
} from "../../base/mod.ts";
import { GetElementRequestSchema, WorkerService } from "../../gen/tensorflow/data/worker_pb.ts";
import { type ElementAnswer, readElementResponse, type Structure } from "../elements/mod.ts";
import type { GrpcClient } from "../grpc/client.ts";
import { methodPath } from "../grpc/unary.ts";
import { isRetryable } from "../../rpc/mod.ts";

/** What a {@linkcode StockTask} works with. */
export interface StockTaskOptions {
  readonly taskId: bigint;
  readonly client: GrpcClient;
  readonly structure: Structure;
  readonly trainerId: string;
  readonly clock: Clock;
  readonly random: Random;
  /** How long an unreachable worker is tried, in milliseconds. */
  readonly timeoutMs: number;
  /** Resolves when there is room for one more element, which is then kept free; rejects once `signal` is aborted. */
  readonly room: (signal: AbortSignal) => Promise<void>;
  /** Takes what came in, in order; `element` null: nothing came for the room that was kept. `bytes`: of the answer. */
  readonly give: (answer: Exclude<ElementAnswer, { kind: "skip" }> | null, bytes: number) => void;
  /** Whether a worker that cannot be reached has nothing more for anybody. */
  readonly isOver: () => boolean;
}

/** So often may a task have nothing ready before it is waited for. */
const MAX_SKIPS = 5;

/** How long one element is waited for before it is asked for again, in milliseconds: the worker's host may be gone. */
const REQUEST_MS = 300_000;

const PATH = methodPath(WorkerService.method.getElement);

/** Reads one task of a stock worker, one element at a time and in its order. */
export class StockTask {
  readonly #options: StockTaskOptions;
  readonly #left = new AbortController();

  /** Reads nothing before {@linkcode StockTask.run}. */
  constructor(options: StockTaskOptions) {
    this.#options = options;
  }

  /** Nobody wants the rest. */
  leave(): void {
    this.#left.abort();
  }

  /**
   * Reads to the end, or until it is left. A worker that cannot be reached is asked again: the dispatcher says when it
   * is gone.
   *
   * @throws {SluiceError} what the worker's pipeline failed with
   * @throws {UnavailableError} if the worker was not reached for `timeoutMs`, and nobody said that it is gone
   */
  async run(): Promise<void> {
    const { room, give, clock, random, timeoutMs, isOver } = this.#options;
    const { signal } = this.#left;
    let skips = 0;
    let failures = 0;
    let failingSince = 0;
    while (!signal.aborted) {
      try {
        await room(signal);
      } catch {
        return;
      }
      let answer: ElementAnswer | null = null;
      let bytes = 0;
      try {
        const reply = await this.#ask(skips < MAX_SKIPS);
        bytes = reply.length;
        answer = await readElementResponse(reply, this.#options.structure);
        failures = 0;
      } catch (error) {
        give(null, 0);
        if (signal.aborted) return;
        if (!isRetryable(error)) throw this.#worded(error);
        if (isOver()) return;
        if (failures === 0) failingSince = clock.now();
        if (clock.now() - failingSince > timeoutMs) throw this.#lost(error);
        await clock.sleep(backoffMs(failures++, random), { signal }).catch(() => {});
        continue;
      }
      if (answer.kind === "skip") {
        skips++;
        give(null, 0);
        continue;
      }
      skips = 0;
      give(answer, bytes);
      if (answer.kind === "end") return;
    }
  }

  #ask(allowSkip: boolean): Promise<Uint8Array> {
    const { taskId, client, trainerId } = this.#options;
    const request = create(GetElementRequestSchema, { taskId, allowSkip, trainerId });
    return client.unary(PATH, toBinary(GetElementRequestSchema, request), {
      signal: this.#left.signal,
      timeoutMs: REQUEST_MS,
    });
  }

  #lost(error: unknown): UnavailableError {
    const { client: { address }, timeoutMs } = this.#options;
    return new UnavailableError(
      `The tf.data worker at ${address} was not available for ${timeoutMs} ms, and its service has not given it up. ` +
        `Last failure: ${messageOf(error)}`,
      { cause: error },
    );
  }

  #worded(error: unknown): unknown {
    if (!(error instanceof SluiceError)) return error;
    const { client: { address } } = this.#options;
    return errorFromCode(
      error.code as SluiceErrorCode,
      `Failed to get an element from the tf.data worker at ${address}: ${error.message}`,
      {
        cause: error,
      },
    );
  }
}
