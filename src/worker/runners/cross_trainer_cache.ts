import { type Clock, InvalidArgumentError, type Random, type Timer } from "../../base/mod.ts";
import type { CodecSet } from "../../element/mod.ts";
import type { WireBatch } from "../../rpc/mod.ts";
import type { Item } from "../core/session.ts";
import { type AcknowledgeOutcome, SessionBook } from "../core/session_book.ts";
import { SlidingWindow } from "../core/sliding_window.ts";
import { randomId } from "../random_id.ts";
import type { Block } from "./block_packer.ts";
import type { BlockSource, MakeBlockSource } from "./block_source.ts";
import { ElementStream } from "./element_stream.ts";
import { StreamCompressor } from "./stream_compressor.ts";
import type { TaskNotebook } from "./task_notes.ts";
import type { Acknowledgement, StreamRequest, TaskRunner } from "./task_runner.ts";

/** What a {@linkcode CrossTrainerCacheRunner} works with. */
export interface CrossTrainerCacheOptions {
  /** Bytes that the window may hold. */
  cacheBytes: number;
  /** Makes the source of the blocks; how large those should be {@linkcode cacheBlockBytes} says. */
  source: MakeBlockSource;
  clock: Clock;
  random: Random;
  codecs: CodecSet;
  /** How long the session of a reader without connection and acknowledgement is kept, in milliseconds. @default 300_000 */
  sessionTimeoutMs?: number;
  /** Counts its streams. @default nobody does */
  notebook?: TaskNotebook;
}

interface Trainer {
  readonly id: string;
  /** The sessions of its readers, which share its position. */
  readonly book: SessionBook<Block>;
}

const MAX_BLOCK_BYTES = 64 * 1024;
const LEAST_BLOCKS = 16;

/** Size of blocks for a cache: so small that even a small window holds several of them, or one element each. */
export function cacheBlockBytes(cacheBytes: number): number {
  return Math.max(1, Math.min(MAX_BLOCK_BYTES, Math.floor(cacheBytes / LEAST_BLOCKS)));
}

/**
 * Gives the blocks of one pipeline to several trainers: each gets all that it is fast enough for, and no block
 * twice. The pipeline goes on only when a trainer has had everything there is and wants more. A task of this kind is
 * never completed: another trainer may come, and finds what the window still holds.
 */
export class CrossTrainerCacheRunner implements TaskRunner {
  readonly completed = new Promise<void>(() => {});
  readonly #options: CrossTrainerCacheOptions;
  readonly #sessionTimeoutMs: number;
  readonly #window: SlidingWindow<Item<Block> & { kind: "block" }>;
  readonly #source: BlockSource;
  #trainers = new Map<string, Trainer>();
  #trainerOf = new Map<bigint, Trainer>();
  #streams = new Map<number, ElementStream>();
  /** An error for whichever trainer wants more next. */
  #error: Item<Block> | null = null;
  #ended = false;
  #opened = 0;
  #expiry: Timer | null = null;
  #stopped: Error | null = null;

  /** Makes a runner; nothing happens before the first reader comes. */
  constructor(options: CrossTrainerCacheOptions) {
    this.#options = options;
    this.#sessionTimeoutMs = options.sessionTimeoutMs ?? 300_000;
    this.#window = new SlidingWindow({ maxBytes: options.cacheBytes });
    const isWanted = () => this.#error === null && this.#some((book) => book.wantsItem);
    const isHungry = () => this.#some((book) => book.hungry);
    this.#source = options.source({
      get wantsMore() {
        return isWanted();
      },
      get hungry() {
        return isHungry();
      },
      offer: (item) => this.#extend(item),
      end: () => {
        this.#ended = true;
        this.#changed();
      },
    });
  }

  openStream(request: StreamRequest, signal: AbortSignal): AsyncIterableIterator<WireBatch, void, void> {
    if (this.#stopped) throw this.#stopped;
    const { codecs, clock, random } = this.#options;
    const { clientId, trainerId = "" } = request;
    if (trainerId === "") {
      throw new InvalidArgumentError("tf.data service cross-trainer cache requires a non-empty trainer ID");
    }
    const trainer = this.#trainer(trainerId);
    const { book } = trainer;
    const stream = this.#opened++;
    const sessionId = book.open(request, stream, randomId(random));
    this.#trainerOf.set(clientId, trainer);
    const compressor = new StreamCompressor({
      codecs,
      accepted: request.accepted,
      wish: request.compression,
      loopback: request.loopback,
    });
    this.#options.notebook?.opened(compressor);
    const elements = new ElementStream({
      book,
      stream,
      sessionId,
      sequence: sessionId === request.sessionId ? request.next : 0,
      compressor,
      clock,
      signal,
      onChange: () => this.#changed(),
      onClose: () => {
        this.#options.notebook?.ended(compressor);
        this.#streams.delete(stream);
        book.close(stream, clock.now());
        this.#armExpiry();
        this.#changed();
      },
    });
    if (!signal.aborted) this.#streams.set(stream, elements);
    this.#changed();
    return elements;
  }

  acknowledge(acknowledgement: Acknowledgement): AcknowledgeOutcome {
    const { clientId, sessionId, release } = acknowledgement;
    const trainer = this.#trainerOf.get(clientId);
    if (!trainer) return "unknownSession";
    const outcome = trainer.book.acknowledge(clientId, sessionId, acknowledgement, this.#options.clock.now());
    if (release && outcome === "noted") this.#trainerOf.delete(clientId);
    this.#changed();
    return outcome;
  }

  release(clientId: bigint): void {
    this.#trainerOf.get(clientId)?.book.release(clientId);
    this.#trainerOf.delete(clientId);
    this.#changed();
  }

  async stop(reason: Error): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = reason;
    for (const stream of [...this.#streams.values()]) stream.fail(reason);
    this.#expiry?.clear();
    await this.#source.stop(reason);
  }

  #trainer(id: string): Trainer {
    let trainer = this.#trainers.get(id);
    if (!trainer) {
      // What a reader leaves behind was begun, perhaps: given to the trainer's next reader it would come twice.
      trainer = { id, book: new SessionBook<Block>({ forgetsLeft: true }) };
      this.#trainers.set(id, trainer);
    }
    return trainer;
  }

  #some(holds: (book: SessionBook<Block>) => boolean): boolean {
    for (const { book } of this.#trainers.values()) if (holds(book)) return true;
    return false;
  }

  #extend(item: Item<Block>): void {
    const { cacheBytes } = this.#options;
    if (item.kind === "error") this.#error = item;
    else if (item.block.count === 1 && item.bytes > cacheBytes) {
      const error = new InvalidArgumentError(
        `Cannot cache an element: tf.data service element size is larger than cache size in bytes: ${item.bytes} ` +
          `against ${cacheBytes}, see \`crossTrainerCacheSizeBytes\` of the worker`,
      );
      this.#error = { kind: "error", error };
    } else this.#window.push(item, item.bytes);
    this.#feed();
    this.#wakeStreams();
  }

  /** Gives every trainer what the window has for it. Whoever wants more then is at the window's end. */
  #feed(): void {
    for (const { id, book } of this.#trainers.values()) {
      while (book.wantsItem) {
        const item = this.#window.next(id) ?? this.#takeError();
        if (!item) break;
        book.offer(item);
      }
      if (this.#ended && this.#error === null && this.#window.isAtEnd(id)) book.end();
    }
  }

  /** An error is for one trainer alone; reading goes on behind it. */
  #takeError(): Item<Block> | null {
    const error = this.#error;
    this.#error = null;
    return error;
  }

  #changed(): void {
    this.#feed();
    this.#wakeStreams();
    if (!this.#stopped && !this.#ended) this.#source.poke();
  }

  #wakeStreams(): void {
    for (const { book } of this.#trainers.values()) {
      for (const stream of book.takeWoken()) this.#streams.get(stream)?.wake();
    }
  }

  #armExpiry(): void {
    if (this.#expiry || this.#stopped) return;
    const { clock } = this.#options;
    const times = [...this.#trainers.values()].map(({ book }) => book.nextExpiry(this.#sessionTimeoutMs));
    const next = Math.min(...times.map((time) => time ?? Infinity));
    if (next === Infinity) return;
    this.#expiry = clock.setTimer(() => {
      this.#expiry = null;
      for (const { book } of this.#trainers.values()) book.expire(clock.now(), this.#sessionTimeoutMs);
      this.#armExpiry();
      this.#changed();
    }, Math.max(0, next - clock.now()));
  }
}
