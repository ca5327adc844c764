import {
  backoffMs,
  type Clock,
  DataLossError,
  deferred,
  type Random,
  type Timer,
  UnavailableError,
} from "../base/mod.ts";
import { type BlockReader, decodeProvenance } from "../element/mod.ts";
import {
  fromElementFailure,
  isRetryable,
  type OpenStream,
  readElementStream,
  type ReceivedBatch,
} from "../rpc/mod.ts";
import type { BlockDecoder } from "./block_decoder.ts";
import type { ReaderCommand, ReaderEvent } from "./core/events.ts";
import { type LocalWorker, readLocally } from "./local_workers.ts";

/**
 * How long a worker may take to name the session, which it does before there is a block. An address that hangs is
 * then passed over for the next one. Long, as a worker that runs user code in its own thread answers in between.
 */
const OPENING_MS = 30_000;

/** What a stream needs. */
export interface TaskStreamOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch?: typeof globalThis.fetch;
  readonly openStream?: OpenStream;
  readonly decoder: BlockDecoder;
  /** The worker, if it is read without the network. */
  readonly local?: LocalWorker;
  /** The parts of the request that the reader's options give. */
  readonly request: Omit<Parameters<typeof readElementStream>[1], "$typeName">;
  /** Takes in what happens. */
  readonly onEvent: (event: ReaderEvent<BlockReader>) => void;
}

/**
 * One GetElements stream: opens it, after a delay where earlier ones failed, and turns its batches into events. It
 * reads the first batch at once and each further one when {@linkcode TaskStream.read} allows it.
 */
export class TaskStream {
  readonly #command: Extract<ReaderCommand<BlockReader>, { kind: "open" }>;
  readonly #options: TaskStreamOptions;
  readonly #controller = new AbortController();
  /** Aborted with the stream, and when the worker does not begin to answer. */
  readonly #transport = new AbortController();
  #opening: Timer | null = null;
  readonly #session = deferred<string>();
  #hasAsked = false;
  #mayRead = false;
  #allow: (() => void) | null = null;

  /** Begins at once. */
  constructor(command: Extract<ReaderCommand<BlockReader>, { kind: "open" }>, options: TaskStreamOptions) {
    this.#command = command;
    this.#options = options;
    this.#run();
  }

  /** The number that the core gave it. */
  get number(): number {
    return this.#command.stream;
  }

  /** The session's id as soon as the worker has named it; empty if it is not going to. */
  get session(): Promise<string> {
    return this.#session.promise;
  }

  /** Allows the next batch to be read. */
  read(): void {
    this.#mayRead = true;
    this.#allow?.();
  }

  /** Gives the stream up, without an event. */
  close(): void {
    this.#controller.abort();
    this.#transport.abort();
    this.#session.resolve("");
    this.#allow?.();
  }

  /** Whether a request is out for which the worker may have begun a session. */
  get hasAsked(): boolean {
    return this.#hasAsked;
  }

  async #run(): Promise<void> {
    const { task, stream, attempt } = this.#command;
    const { clock, random } = this.#options;
    const { signal } = this.#controller;
    try {
      if (attempt > 0) await clock.sleep(backoffMs(attempt - 1, random), { signal });
      this.#hasAsked = true;
      await this.#readAll();
    } catch (error) {
      this.#emit({ kind: "streamFailed", task, stream, retryable: isRetryable(error), error });
    } finally {
      this.#opening?.clear();
      this.#session.resolve("");
    }
  }

  async #readAll(): Promise<void> {
    const { task, address, stream, position } = this.#command;
    const { clock, fetch, openStream, request, local } = this.#options;
    const { signal } = this.#transport;
    this.#opening = clock.setTimer(() => {
      const seconds = OPENING_MS / 1000;
      this.#transport.abort(new UnavailableError(`Cannot read from ${address}: no answer in ${seconds} s`));
    }, OPENING_MS);
    const message = {
      ...request,
      taskId: task,
      sessionId: position.session,
      nextSequence: BigInt(position.next),
      takenSequence: BigInt(position.taken),
      limitSequence: BigInt(position.limit),
      streamNumber: BigInt(stream),
    };
    const batches = local
      ? readLocally(local, message, { signal })
      : readElementStream(address, message, { signal, fetch, openStream });
    let isFirst = true;
    let hasEnded = false;
    for await (const batch of batches) {
      this.#opening.clear();
      if (isFirst) this.#nameSession(batch);
      isFirst = false;
      if (batch.count > 0) await this.#emitBlock(batch);
      if (batch.error) {
        const error = fromElementFailure(batch.error);
        this.#emit({ kind: "failure", task, stream, sequence: batch.sequence, error });
      }
      if (batch.draining) this.#emit({ kind: "draining", task, stream });
      // Read to its very end, a connection can be used again.
      hasEnded ||= batch.endOfSequence;
      if (hasEnded) this.#emit({ kind: "ended", task, stream });
      else await this.#permission();
    }
    if (hasEnded) return;
    throw new UnavailableError(`Cannot read on from ${address}: the stream ended before the task did`);
  }

  #nameSession({ sessionId }: ReceivedBatch): void {
    const { task, address, stream } = this.#command;
    if (sessionId === "") {
      throw new DataLossError(`Cannot read task ${task} of ${address}: the stream names no session`);
    }
    this.#session.resolve(sessionId);
    this.#emit({ kind: "sessionOpened", task, stream, session: sessionId });
  }

  async #emitBlock(batch: ReceivedBatch): Promise<void> {
    const { task, stream } = this.#command;
    const { sequence } = batch;
    const bytes = Math.max(batch.uncompressedSize, batch.payload.byteLength);
    const provenance = batch.provenance ? decodeProvenance(batch.provenance, batch.count) : null;
    const block = await this.#options.decoder.decode(batch);
    const { count } = block;
    const skip = batch.count - count;
    this.#emit({ kind: "block", task, stream, sequence, bytes, block, provenance, skip, count });
  }

  /** Asks for the permission to read on, and waits for it. */
  async #permission(): Promise<void> {
    const { task, stream } = this.#command;
    this.#mayRead = false;
    this.#emit({ kind: "ready", task, stream });
    if (this.#mayRead || this.#controller.signal.aborted) return;
    await new Promise<void>((resolve) => this.#allow = resolve);
    this.#allow = null;
  }

  #emit(event: ReaderEvent<BlockReader>): void {
    if (!this.#controller.signal.aborted) this.#options.onEvent(event);
  }
}
