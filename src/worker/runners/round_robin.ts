import { type Clock, isPromise, type Log, type MaybePromise, messageOf, type Timer } from "../../base/mod.ts";
import type { CodecName, CodecSet, Element } from "../../element/mod.ts";
import { DONE, type ElementIterator } from "../../executor/mod.ts";
import { toElementFailure, type WireBatch } from "../../rpc/mod.ts";
import { type Answered, type RoundAnswer, RoundTable } from "../core/rounds.ts";
import { type Block, BlockPacker } from "./block_packer.ts";
import { emptyBatch } from "./element_stream.ts";
import { StreamCompressor } from "./stream_compressor.ts";
import type { TaskNotebook } from "./task_notes.ts";
import { yieldToLoop } from "./yield_to_loop.ts";

/** A consumer's request for its elements of some rounds; see `GetElementRequest` in `worker.proto`. */
export interface ElementRequest {
  readonly consumerIndex: number;
  /** Ascending; one at least. The reply is made when the first is decided. */
  readonly rounds: readonly number[];
  /** The first round for which the consumer has no answer. */
  readonly oldestRound: number;
  /** Rounds before that one that it was told to skip. */
  readonly skippedRounds: readonly number[];
  readonly allowSkip: boolean;
  /** The first round of which the consumer was told that it has no elements. @default none */
  readonly endedRound?: number | undefined;
  /** The codecs that the consumer can undo. */
  readonly accepted: readonly CodecName[];
  /** The compression that it wishes. */
  readonly compression: CodecName | "AUTO";
  /** Whether it reached this worker over a loopback address. */
  readonly loopback: boolean;
}

/** What a consumer gets in a round. */
export type ElementReply =
  | { readonly kind: "element"; readonly round: number; readonly batch: WireBatch }
  | { readonly kind: "skip"; readonly round: number }
  | { readonly kind: "end"; readonly round: number };

/** What a {@linkcode RoundRobinRunner} works with. */
export interface RoundRobinOptions {
  readonly numConsumers: number;
  /** Builds the pipeline; called once, when the first consumer comes. */
  open: (signal: AbortSignal) => MaybePromise<ElementIterator<Element>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly codecs: CodecSet;
  /** Counts its consumers as streams. @default nobody does */
  readonly notebook?: TaskNotebook;
}

/** How long the elements of a round that may be skipped are waited for, in milliseconds. */
const SKIP_AFTER_MS = 100;

/** The same for a round after one that was skipped: a pipeline that hangs must not slow the others down for long. */
const SKIP_AGAIN_AFTER_MS = 10;

/** How long elements are pulled before others get a turn of the event loop, in milliseconds. */
const TURN_MS = 8;

/** How long a reply waits for further rounds once the first is decided, in milliseconds. */
const LINGER_MS = 2;

/** A reply that holds as much as this is sent without waiting for further rounds. */
const REPLY_BYTES = 4 * 1024 * 1024;

/** A request that is being answered. */
interface Waiter {
  /** Takes in what was decided of one of its rounds. */
  tell(round: number, answer: RoundAnswer<Block>): void;
  reject(reason: unknown): void;
}

type Decided = Map<number, RoundAnswer<Block>>;

/**
 * Runs the pipeline of a task of a coordinated read: in each round every consumer gets one of as many consecutive
 * elements as there are consumers. The elements of one round are pulled ahead.
 */
export class RoundRobinRunner {
  /** Resolves when the pipeline has ended and every consumer has heard of it; never, if the runner is stopped before. */
  readonly completed: Promise<void>;
  readonly #options: RoundRobinOptions;
  readonly #table: RoundTable<Block>;
  readonly #abort = new AbortController();
  readonly #resolveCompleted: () => void;
  /** By consumer and round; who has asked again is among them twice. */
  readonly #waiters = new Map<string, Set<Waiter>>();
  readonly #packer = new BlockPacker();
  readonly #compressors = new Map<string, StreamCompressor>();
  /** Elements that were pulled and not given out, each as a block of its own. */
  #buffer: Block[] = [];
  /** What came after the last element in the buffer. */
  #last: { readonly kind: "end" } | { readonly kind: "error"; readonly error: unknown } | null = null;
  #iterator: ElementIterator<Element> | null = null;
  #isStarted = false;
  #resume: (() => void) | null = null;
  #skipTimer: { readonly round: number; readonly timer: Timer } | null = null;
  #hasSkipped = false;
  #numDropped = 0;

  /** Makes a runner; nothing happens before the first consumer comes. */
  constructor(options: RoundRobinOptions) {
    this.#options = options;
    this.#table = new RoundTable(options.numConsumers);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.completed = promise;
    this.#resolveCompleted = resolve;
  }

  /** How many elements at the end did not make a full round. */
  get numDropped(): number {
    return this.#numDropped;
  }

  /**
   * Waits for the consumer's element of the first round that it asks for; gives what is decided of the others, too. An
   * error of the pipeline is given to all consumers in the same round, as a batch: thrown, one with a retryable code
   * would pass for a broken connection.
   *
   * @throws {FailedPreconditionError} if the consumer has left a round behind, or there is no such consumer
   * @throws the signal's reason once it is aborted
   */
  async getElements(request: ElementRequest, signal: AbortSignal): Promise<readonly ElementReply[]> {
    this.#abort.signal.throwIfAborted();
    signal.throwIfAborted();
    const decided = await this.#ask(request, signal);
    const replies: ElementReply[] = [];
    let spec: Uint8Array | null = null;
    for (const round of request.rounds) {
      const answer = decided.get(round);
      if (!answer) continue;
      const { kind } = answer;
      if (kind === "error") replies.push({ kind: "element", round, batch: failure(round, answer.error) });
      else if (kind !== "element") replies.push({ kind, round });
      else {
        const batch = await this.#batch(answer.element, round, request);
        replies.push({ kind, round, batch: batch.spec === spec ? { ...batch, spec: null } : batch });
        spec = batch.spec ?? spec;
      }
    }
    return replies;
  }

  /** Frees the pipeline; requests that wait are rejected with `reason`, and so are later ones. Idempotent. */
  async stop(reason: Error): Promise<void> {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort(reason);
    this.#skipTimer?.timer.clear();
    for (const waiters of [...this.#waiters.values()]) {
      for (const waiter of [...waiters]) waiter.reject(reason);
    }
    this.#waiters.clear();
    this.#resume?.();
    // The pull that is under way is not waited for: a user's function that never settles would hold up the stop.
    await this.#close();
  }

  /** Resolves with what is decided of the request's rounds, that of the first among it. */
  #ask(request: ElementRequest, signal: AbortSignal): Promise<Decided> {
    const { consumerIndex: consumer, rounds, oldestRound: oldest, skippedRounds: skipped, allowSkip } =
      request;
    return new Promise((resolve, reject) => {
      const decided: Decided = new Map();
      let bytes = 0;
      let linger: Timer | null = null;
      const leave = () => {
        signal.removeEventListener("abort", onAbort);
        linger?.clear();
        for (const round of rounds) this.#removeWaiter(consumer, round, waiter);
      };
      const done = () => {
        leave();
        resolve(decided);
      };
      const onAbort = () => {
        waiter.reject(signal.reason);
        for (const round of rounds) {
          if (!this.#waiters.has(key(consumer, round))) this.#table.cancel(consumer, round);
        }
      };
      const waiter: Waiter = {
        tell: (round, answer) => {
          decided.set(round, answer);
          if (answer.kind === "element") bytes += answer.element.byteLength;
          if (!decided.has(rounds[0])) return;
          if (decided.size === rounds.length || bytes >= REPLY_BYTES) done();
          else linger ??= this.#options.clock.setTimer(done, LINGER_MS);
        },
        reject: (reason) => {
          leave();
          reject(reason);
        },
      };
      try {
        for (const round of rounds) {
          this.#table.request({ consumer, round, oldest, skipped, allowSkip, ended: request.endedRound });
          this.#addWaiter(consumer, round, waiter);
        }
      } catch (error) {
        return waiter.reject(error);
      }
      signal.addEventListener("abort", onAbort, { once: true });
      this.#advance();
      if (!this.#isStarted) this.#produce();
    });
  }

  #addWaiter(consumer: number, round: number, waiter: Waiter): void {
    const waiters = this.#waiters.get(key(consumer, round)) ?? new Set<Waiter>();
    this.#waiters.set(key(consumer, round), waiters.add(waiter));
  }

  #removeWaiter(consumer: number, round: number, waiter: Waiter): void {
    const waiters = this.#waiters.get(key(consumer, round));
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiters.delete(key(consumer, round));
  }

  /** Gives out what can be given out. */
  #advance(): void {
    const { numConsumers } = this.#options;
    for (let due = this.#table.due(); due; due = this.#table.due()) {
      if (this.#buffer.length >= numConsumers) {
        this.#hasSkipped = false;
        this.#table.serve(this.#buffer.splice(0, numConsumers));
        this.#resume?.();
      } else if (this.#last?.kind === "end") {
        this.#numDropped = this.#buffer.length;
        this.#buffer = [];
        this.#table.end();
      } else if (this.#last?.kind === "error") {
        this.#buffer = [];
        this.#table.fail(this.#last.error);
      } else {
        if (due.allowSkip) this.#skipLater(due.round);
        break;
      }
    }
    const completed = this.#table.isCompleted;
    if (completed) this.#resolveCompleted();
    for (const answered of this.#table.takeAnswered()) this.#tell(answered);
  }

  #tell({ consumer, round, answer }: Answered<Block>): void {
    for (const waiter of [...this.#waiters.get(key(consumer, round)) ?? []]) waiter.tell(round, answer);
  }

  #skipLater(round: number): void {
    if (this.#skipTimer?.round === round) return;
    this.#skipTimer?.timer.clear();
    const timer = this.#options.clock.setTimer(() => {
      this.#skipTimer = null;
      if (this.#table.due()?.round === round) {
        this.#hasSkipped = true;
        this.#table.skip();
      }
      this.#advance();
    }, this.#hasSkipped ? SKIP_AGAIN_AFTER_MS : SKIP_AFTER_MS);
    this.#skipTimer = { round, timer };
  }

  /** Pulls until the end, one round ahead of what was asked for. */
  async #produce(): Promise<void> {
    this.#isStarted = true;
    const { open, numConsumers, clock } = this.#options;
    const { signal } = this.#abort;
    try {
      this.#iterator = await open(signal);
      if (signal.aborted) return void await this.#close();
      let turnEnds = clock.now() + TURN_MS;
      while (!this.#last) {
        if (this.#buffer.length >= numConsumers && !this.#table.due()) {
          await new Promise<void>((resolve) => this.#resume = resolve);
          this.#resume = null;
          if (signal.aborted) return;
          continue;
        }
        let pulled = this.#iterator.next();
        if (isPromise(pulled)) pulled = await pulled;
        if (signal.aborted) return;
        if (pulled === DONE) this.#last = { kind: "end" };
        else this.#buffer.push(this.#pack(pulled));
        if (this.#last || this.#buffer.length >= numConsumers) this.#advance();
        if (clock.now() >= turnEnds) {
          await yieldToLoop();
          turnEnds = clock.now() + TURN_MS;
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#last = { kind: "error", error };
    }
    this.#advance();
    await this.#close();
  }

  #pack(element: Element): Block {
    this.#packer.add(element);
    return this.#packer.finish()[0];
  }

  async #batch(block: Block, round: number, request: ElementRequest): Promise<WireBatch> {
    const { compression, payload } = await this.#compressor(request).compress(block);
    return {
      sequence: round,
      count: 1,
      encoding: block.encoding,
      compression,
      uncompressedSize: block.byteLength,
      spec: block.spec,
      sessionId: "",
      endOfSequence: false,
      payload,
    };
  }

  /** One for each consumer: it learns whether compressing is worth its while. */
  #compressor(
    { consumerIndex: consumer, accepted, compression: wish, loopback }: ElementRequest,
  ): StreamCompressor {
    const key = `${consumer} ${wish} ${loopback} ${accepted}`;
    let compressor = this.#compressors.get(key);
    if (!compressor) {
      compressor = new StreamCompressor({ codecs: this.#options.codecs, accepted, wish, loopback });
      this.#compressors.set(key, compressor);
      this.#options.notebook?.opened(compressor);
    }
    return compressor;
  }

  async #close(): Promise<void> {
    const iterator = this.#iterator;
    this.#iterator = null;
    try {
      await iterator?.close();
    } catch (error) {
      this.#options.log.warn("A pipeline could not be closed", { reason: messageOf(error) });
    }
  }
}

function key(consumer: number, round: number): string {
  return `${consumer} ${round}`;
}

function failure(sequence: number, error: unknown): WireBatch {
  return { ...emptyBatch({ sequence, sessionId: "", endOfSequence: false }), error: toElementFailure(error) };
}
