/** Reading a task's process on behalf of readers that reach the worker only. */

import { compressionNumber, type OpenStream, readElementStream, type WireBatch } from "../../../rpc/mod.ts";
import type { StreamRequest } from "../../runners/task_runner.ts";

/** What a {@linkcode RelayedStream} works with. */
export interface RelayOptions {
  readonly taskId: bigint;
  /** Gives the address of the process. */
  readonly address: () => Promise<string>;
  readonly request: StreamRequest;
  /** Ends the stream with its reason. */
  readonly signal: AbortSignal;
  readonly fetch?: typeof globalThis.fetch;
  /** Opens the stream better than `fetch` does. */
  readonly openStream?: OpenStream;
}

/**
 * A reader's stream that passes through the worker: each block is received from the process and sent on as it is,
 * which costs the worker a copy and about the time that sending it took the process.
 */
export class RelayedStream implements AsyncIterableIterator<WireBatch, void, void> {
  readonly #left = new AbortController();
  readonly #batches: AsyncIterator<WireBatch, void, void>;

  /** Opens the stream at the first pull. */
  constructor(options: RelayOptions) {
    this.#batches = relay(options, AbortSignal.any([options.signal, this.#left.signal]));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<WireBatch, void>> {
    try {
      return await this.#batches.next();
    } catch (error) {
      if (this.#left.signal.aborted) return { done: true, value: undefined };
      throw error;
    }
  }

  return(): Promise<IteratorResult<WireBatch, void>> {
    this.#left.abort();
    return Promise.resolve({ done: true, value: undefined });
  }
}

async function* relay(
  { taskId, address, request, fetch, openStream }: RelayOptions,
  signal: AbortSignal,
): AsyncGenerator<WireBatch, void, void> {
  const batches = readElementStream(await address(), {
    taskId,
    iterationClientId: request.clientId,
    sessionId: request.sessionId,
    nextSequence: BigInt(request.next),
    takenSequence: BigInt(request.taken),
    limitSequence: BigInt(request.limit),
    streamNumber: BigInt(request.streamNumber ?? 0),
    trainerId: request.trainerId,
    acceptedCompressions: request.accepted.map(compressionNumber),
    compression: wishOf(request),
  }, { signal, fetch, openStream });
  for await (const { payload, ...header } of batches) {
    yield { ...header, payload: payload.byteLength > 0 ? [payload] : [] };
  }
}

/** To the process every relayed reader is on its own host: what it would decide by that is decided here. */
function wishOf({ compression, loopback }: StreamRequest): number {
  if (compression !== "AUTO") return compressionNumber(compression);
  return compressionNumber(loopback ? "NONE" : "ZSTD");
}
