import { type Clock, type Deferred, deferred, type MaybePromise, raceAbort } from "../base/mod.ts";
import { DONE, type Pulled } from "../executor/mod.ts";
import { FAREWELL_MS } from "./farewell.ts";

/** How a reader came to its end. */
export type Ending =
  | { readonly kind: "finished" }
  | { readonly kind: "failed"; readonly error: unknown };

/** What a {@linkcode ReaderLife} needs of its reader. */
export interface ReaderLifeOptions {
  readonly clock: Clock;
  /** Aborted when the program leaves. */
  readonly signal: AbortSignal;
  /** Becomes a client; called once, with the first pull. What it rejects with ends the reader. */
  readonly join: () => Promise<void>;
  /** The reader is over: called once, before any pull hears of it. Gives what is to be said to others; not waited for long. */
  readonly leave: () => readonly (Promise<unknown> | undefined)[];
  /** The leave is taken, or was given up: nothing is of use any more. @default nothing happens */
  readonly onLeft?: () => void;
}

/**
 * The life of a reader: it begins with the first pull, and ends once, for whatever reason. The pull that waits, and
 * those that come later, hear of the end when the leave is taken; what cannot be said in a second is left to timeouts.
 */
export class ReaderLife<T> {
  readonly #options: ReaderLifeOptions;
  readonly #over = new AbortController();
  readonly #onAbort = () =>
    this.end({ kind: "failed", error: this.#options.signal.reason }, { atOnce: true });
  #starting: Promise<void> | null = null;
  #pull: Deferred<Pulled<T>> | null = null;
  #ending: Ending | null = null;
  #farewell: Promise<void> = Promise.resolve();

  /** Does not begin by itself. */
  constructor(options: ReaderLifeOptions) {
    this.#options = options;
  }

  /** Aborted when the reader is over. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Whether the reader is over. */
  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** Whether a pull was there, or an abort. */
  get hasBegun(): boolean {
    return this.#starting !== null || this.isOver;
  }

  /** The first pull has come. */
  begin(): void {
    const { signal, join } = this.#options;
    signal.addEventListener("abort", this.#onAbort, { once: true });
    if (signal.aborted) return this.#onAbort();
    this.#starting = join().then(
      () => {},
      (error) => this.end({ kind: "failed", error }),
    );
  }

  /** A pull has to wait, or finds the end: an error once, then that there is nothing more. */
  wait(): Promise<Pulled<T>> {
    if (this.#ending) return this.#giveEnding(this.#ending);
    this.#pull = deferred();
    return this.#pull.promise;
  }

  /** Whether a pull waits; if so, `give` says what for, or throws. */
  answer(give: () => MaybePromise<Pulled<T>>): boolean {
    const pull = this.#pull;
    if (!pull) return false;
    this.#pull = null;
    try {
      pull.resolve(give());
    } catch (error) {
      pull.reject(error);
    }
    return true;
  }

  /** Ends the reader, once. `atOnce`: the pull that waits is not kept waiting for the farewell. */
  end(ending: Ending, { atOnce = false }: { atOnce?: boolean } = {}): void {
    if (this.isOver) return;
    this.#ending = ending;
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    this.#over.abort(ending.kind === "failed" ? ending.error : undefined);
    this.#farewell = this.#takeLeave();
    this.answer(() => {
      if (!atOnce) return this.#giveEnding(ending);
      this.#ending = { kind: "finished" };
      if (ending.kind === "failed") throw ending.error;
      return DONE;
    });
  }

  /** Ends the reader for a program that wants no more; resolves when the leave is taken. */
  close(): Promise<void> {
    this.end({ kind: "finished" }, { atOnce: true });
    return this.#farewell;
  }

  async #giveEnding(ending: Ending): Promise<Pulled<T>> {
    this.#ending = { kind: "finished" };
    await this.#farewell;
    if (ending.kind === "failed") throw ending.error;
    return DONE;
  }

  async #takeLeave(): Promise<void> {
    const { clock, leave, onLeft } = this.#options;
    const enough = new AbortController();
    const timer = clock.setTimer(() => enough.abort(), FAREWELL_MS);
    // Joining may still make a client that is to be released.
    await raceAbort(Promise.all([...leave(), this.#starting]), enough.signal).catch(() => {});
    timer.clear();
    onLeft?.();
  }
}
