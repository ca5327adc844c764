import type { Clock, Log, Random, Timer } from "../../base/mod.ts";
import type { CodecSet } from "../../element/mod.ts";
import type { WireBatch } from "../../rpc/mod.ts";
import { type AcknowledgeOutcome, SessionBook } from "../core/session_book.ts";
import { randomId } from "../random_id.ts";
import type { Block, BlockPackerOptions } from "./block_packer.ts";
import { BlockProducer, type BlockProducerOptions } from "./block_producer.ts";
import type { BlockSource, MakeBlockSource } from "./block_source.ts";
import { ElementStream } from "./element_stream.ts";
import { StreamCompressor } from "./stream_compressor.ts";
import type { TaskNotebook } from "./task_notes.ts";
import type { Acknowledgement, StreamRequest, TaskRunner } from "./task_runner.ts";

/** Where the blocks of a task come from. */
export type BlockOrigin =
  /** Builds a pipeline for this thread; called when the first reader comes, and again for the next one if it fails. */
  | { open: BlockProducerOptions["open"] }
  /** Makes a source of blocks. */
  | { source: MakeBlockSource };

/** What a {@linkcode FirstComeFirstServedRunner} works with, besides the origin of its blocks. */
export interface FirstComeFirstServedOptions extends BlockPackerOptions {
  clock: Clock;
  random: Random;
  log: Log;
  codecs: CodecSet;
  /** How long an element may wait for others while a reader has nothing, in milliseconds. @default 2 */
  lingerMs?: BlockProducerOptions["lingerMs"];
  /** How long the session of a reader without connection and acknowledgement is kept, in milliseconds. @default 300_000 */
  sessionTimeoutMs?: number;
  /** Counts its streams. @default nobody does */
  notebook?: TaskNotebook;
}

/**
 * Gives each block of the pipeline to one of the task's readers, in turn. Nothing is pulled from the pipeline while
 * no reader has room, but for one block that is prepared.
 */
export class FirstComeFirstServedRunner implements TaskRunner {
  readonly completed: Promise<void>;
  readonly #options: FirstComeFirstServedOptions;
  readonly #sessionTimeoutMs: number;
  readonly #book = new SessionBook<Block>();
  readonly #source: BlockSource;
  readonly #resolveCompleted: () => void;
  #streams = new Map<number, ElementStream>();
  #opened = 0;
  #expiry: Timer | null = null;
  #stopped: Error | null = null;

  /** Makes a runner; nothing happens before the first reader comes. */
  constructor(options: FirstComeFirstServedOptions & BlockOrigin) {
    this.#options = options;
    this.#sessionTimeoutMs = options.sessionTimeoutMs ?? 300_000;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.completed = promise;
    this.#resolveCompleted = resolve;
    const book = this.#book;
    const makeSource: MakeBlockSource = "source" in options
      ? options.source
      : (sink) => new BlockProducer({ ...options, sink });
    this.#source = makeSource({
      get wantsMore() {
        return book.wantsMore;
      },
      get hungry() {
        return book.hungry;
      },
      offer: (item) => {
        book.offer(item);
        this.#wakeStreams();
      },
      end: () => {
        book.end();
        this.#changed();
      },
    });
  }

  openStream(request: StreamRequest, signal: AbortSignal): AsyncIterableIterator<WireBatch, void, void> {
    if (this.#stopped) throw this.#stopped;
    const stream = this.#opened++;
    const sessionId = this.#book.open(request, stream, randomId(this.#options.random));
    const known = sessionId === request.sessionId;
    const compressor = new StreamCompressor({
      codecs: this.#options.codecs,
      accepted: request.accepted,
      wish: request.compression,
      loopback: request.loopback,
    });
    this.#options.notebook?.opened(compressor);
    const elements = new ElementStream({
      book: this.#book,
      stream,
      sessionId,
      sequence: known ? request.next : 0,
      compressor,
      clock: this.#options.clock,
      signal,
      onChange: () => this.#changed(),
      onClose: () => {
        this.#options.notebook?.ended(compressor);
        this.#streams.delete(stream);
        this.#book.close(stream, this.#options.clock.now());
        this.#armExpiry();
        this.#changed();
      },
    });
    if (!signal.aborted) this.#streams.set(stream, elements);
    this.#changed();
    return elements;
  }

  acknowledge(acknowledgement: Acknowledgement): AcknowledgeOutcome {
    const { clientId, sessionId } = acknowledgement;
    const outcome = this.#book.acknowledge(clientId, sessionId, acknowledgement, this.#options.clock.now());
    this.#changed();
    return outcome;
  }

  release(clientId: bigint): void {
    this.#book.release(clientId);
    this.#changed();
  }

  async stop(reason: Error): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = reason;
    for (const stream of [...this.#streams.values()]) stream.fail(reason);
    this.#expiry?.clear();
    await this.#source.stop(reason);
  }

  /** Lets everybody get on whom a change of the book may concern. */
  #changed(): void {
    this.#wakeStreams();
    if (this.#book.completed) {
      this.#expiry?.clear();
      this.#resolveCompleted();
    } else if (!this.#stopped) this.#source.poke();
  }

  #wakeStreams(): void {
    for (const stream of this.#book.takeWoken()) this.#streams.get(stream)?.wake();
  }

  #armExpiry(): void {
    if (this.#expiry || this.#stopped || this.#book.completed) return;
    const { clock } = this.#options;
    const next = this.#book.nextExpiry(this.#sessionTimeoutMs);
    if (next === null) return;
    this.#expiry = clock.setTimer(() => {
      this.#expiry = null;
      this.#book.expire(clock.now(), this.#sessionTimeoutMs);
      this.#armExpiry();
      this.#changed();
    }, Math.max(0, next - clock.now()));
  }
}
