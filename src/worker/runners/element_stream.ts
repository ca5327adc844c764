import type { Clock, Timer } from "../../base/mod.ts";
import { toElementFailure, type WireBatch } from "../../rpc/mod.ts";
import type { SessionBook, Turn } from "../core/session_book.ts";
import type { Block } from "./block_packer.ts";
import type { StreamCompressor } from "./stream_compressor.ts";

/** What an {@linkcode ElementStream} works with. */
export interface ElementStreamOptions {
  book: SessionBook<Block>;
  /** The stream's number in the book, where it is open. */
  stream: number;
  sessionId: string;
  /** The number of the first block that it will send. */
  sequence: number;
  compressor: StreamCompressor;
  clock: Clock;
  signal: AbortSignal;
  /** The book has changed. */
  onChange: () => void;
  /** The stream has ended, for whatever reason; called once. */
  onClose: () => void;
}

type State =
  | { readonly kind: "open" }
  /** `error` is thrown once to whoever pulls next. */
  | { readonly kind: "closed"; error: unknown };

/**
 * How long the end waits for what other readers may give back. A reader that takes a few elements and leaves has its
 * rest read by those that are still there. For ever would be too long: the program that reads here may be the same
 * that is to go on there.
 */
export const END_PATIENCE_MS = 1_000;

const NO_ERROR: unique symbol = Symbol("no error");

/**
 * One reader's stream, as batches. Written as an iterator by hand: a generator's `return` would wait for the `next`
 * that waits for a block, and the stream of a reader that has left would stay open until one comes.
 */
export class ElementStream implements AsyncIterableIterator<WireBatch, void, void> {
  readonly #options: ElementStreamOptions;
  #state: State = { kind: "open" };
  #sessionSaid = false;
  #spec: Uint8Array<ArrayBuffer> | null = null;
  #wake: (() => void) | null = null;
  /** Whether there was a call of `wake` since the last turn: it may come before anybody waits. */
  #woken = false;
  /** Runs while the end waits for others. */
  #patience: Timer | null = null;
  #isPatient = true;
  readonly #onAbort: () => void;

  /** Takes over a stream that has just been opened in the book. */
  constructor(options: ElementStreamOptions) {
    this.#options = options;
    const { signal } = options;
    this.#onAbort = () => this.#close(signal.reason);
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The book says that there is something to send. */
  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /** Ends the stream with `error`. */
  fail(error: unknown): void {
    this.#close(error);
  }

  async next(): Promise<IteratorResult<WireBatch, void>> {
    for (;;) {
      if (this.#state.kind === "closed") {
        const { error } = this.#state;
        this.#state.error = NO_ERROR;
        if (error !== NO_ERROR) throw error;
        return { done: true, value: undefined };
      }
      const batch = await this.#turn();
      if (batch) return { done: false, value: batch };
    }
  }

  return(): Promise<IteratorResult<WireBatch, void>> {
    this.#close(NO_ERROR);
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Takes one turn; gives what is to be sent, if there is something. */
  async #turn(): Promise<WireBatch | undefined> {
    const { book, stream, sequence, onChange } = this.#options;
    this.#woken = false;
    const turn = book.turn(stream, { patient: this.#isPatient });
    onChange();
    switch (turn.kind) {
      case "block":
        this.#lookForward();
        return await this.#batch(turn);
      case "end":
        // Closed at once: what others give back from now on must not be given to a reader that has been sent away.
        this.#close(NO_ERROR);
        return this.#empty(turn.sequence, true);
      case "failure":
        return { ...this.#empty(turn.sequence, false), error: toElementFailure(turn.error) };
      case "error":
        this.#close(turn.error);
        return undefined;
      case "draining":
        if (!this.#patience) {
          this.#patience = this.#options.clock.setTimer(() => {
            this.#isPatient = false;
            this.wake();
          }, END_PATIENCE_MS);
          return { ...this.#empty(turn.sequence, false), draining: true };
        }
        return await this.#wait();
      case "wait":
        // Before the first block has come, the reader learns which session to go on with if the connection breaks.
        if (!this.#sessionSaid) return this.#empty(sequence, false);
        return await this.#wait();
    }
  }

  async #wait(): Promise<undefined> {
    if (!this.#woken) await new Promise<void>((resolve) => this.#wake = resolve);
    this.#wake = null;
  }

  /** Something has come: the next end waits anew. */
  #lookForward(): void {
    this.#patience?.clear();
    this.#patience = null;
    this.#isPatient = true;
  }

  async #batch({ sequence, block, skip }: Extract<Turn<Block>, { kind: "block" }>): Promise<WireBatch> {
    const { compression, payload } = await this.#options.compressor.compress(block);
    const spec = block.spec === this.#spec ? null : block.spec;
    this.#spec = block.spec ?? this.#spec;
    return {
      sequence,
      count: block.count,
      encoding: block.encoding,
      compression,
      uncompressedSize: block.byteLength,
      spec,
      sessionId: this.#saySession(),
      endOfSequence: false,
      ...(skip > 0 && { skipCount: skip }),
      ...(block.provenance && { provenance: block.provenance }),
      payload,
    };
  }

  #empty(sequence: number, endOfSequence: boolean): WireBatch {
    return emptyBatch({ sequence, sessionId: this.#saySession(), endOfSequence });
  }

  #saySession(): string {
    if (this.#sessionSaid) return "";
    this.#sessionSaid = true;
    return this.#options.sessionId;
  }

  #close(error: unknown): void {
    if (this.#state.kind === "closed") return;
    this.#state = { kind: "closed", error };
    this.#patience?.clear();
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    this.#options.onClose();
    this.wake();
  }
}

/** A batch without elements: one that opens or ends a stream. */
export function emptyBatch(
  says: { sequence: number; sessionId: string; endOfSequence: boolean },
): WireBatch {
  return {
    ...says,
    count: 0,
    encoding: "columnar",
    compression: "NONE",
    uncompressedSize: 0,
    spec: null,
    payload: [],
  };
}
