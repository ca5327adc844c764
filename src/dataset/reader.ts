import { CanceledError, checkKeys, type Clock, InvalidArgumentError, isPromise, show } from "../base/mod.ts";
import { DONE, type Pulled } from "../executor/mod.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { Execution, Progress } from "./execution.ts";

/** Options of a reader. */
export interface ReaderOptions {
  /**
   * Ends the reading when it is aborted: what waits in `next()`, and every later call, rejects with its reason.
   *
   * @default undefined
   */
  signal?: AbortSignal;
  /**
   * Goes on where another reader stood, of the same dataset: in this process or another one, and, where the dataset
   * is read through a service, on other workers and under another dispatcher too. See
   * {@linkcode DatasetReader.checkpoint}.
   *
   * @default undefined: from the beginning
   */
  checkpoint?: Checkpoint;
}

/**
 * One pass over a dataset. Nothing happens before the first `next()`: no file is opened, nothing is sent. Leaving a
 * `for await` loop early, `return()` and `await using` end the pass and wait until all that it held is free.
 *
 * @example
 * ```ts
 * import { Dataset } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * await using reader = Dataset.range(10).reader();
 * assertEquals(await reader.next(), { done: false, value: 0 });
 * assertEquals(await reader.next(), { done: false, value: 1 });
 * await reader.return();
 * assertEquals(await reader.next(), { done: true, value: undefined });
 * ```
 */
export interface DatasetReader<T> extends AsyncIterableIterator<T>, AsyncDisposable {
  /**
   * The next element. Calls made before earlier ones have answered are answered in their order.
   *
   * @throws {SluiceError} of the class that says what went wrong: the pass is over then. An exception of a user's
   * function is an `InternalError` with its message and, in this process, the exception as `cause`
   * @throws the reason of an aborted signal
   */
  next(): Promise<IteratorResult<T>>;
  /** Ends the pass and waits until what it held is free. Calls of `next()` that wait say `done`. */
  return(): Promise<IteratorResult<T>>;
  /** Ends the pass as `return()` does, then rejects with `error`. */
  throw(error?: unknown): Promise<IteratorResult<T>>;
  /**
   * Where the reader stands: after the elements that were given out, and before those that calls of `next()` still
   * wait for. A reader that is made from it, `dataset.reader({ checkpoint })`, gives exactly what was not taken
   * before it; what this reader gives afterwards is given again. The object is for `JSON.stringify`, and small: it
   * says what was consumed in ranges, or how many elements there were.
   *
   * In this process the same dataset is run again, with the same seeds, and its first elements are left out; its
   * functions must give the same for the same element. Through a service with dynamic sharding the rest comes in any
   * order, from any workers; without sharding one worker goes on from the position.
   *
   * @throws {FailedPreconditionError} if nothing says what was taken, with the operator or the option that is why
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const dataset = Dataset.range(1_000).shuffle(100).batch(2);
   * const reader = dataset.reader();
   * for (let i = 0; i < 10; i++) await reader.next();
   * const saved = JSON.stringify(await reader.checkpoint());
   * const expected = await reader.next();
   * await reader.return();
   *
   * const restored = dataset.reader({ checkpoint: JSON.parse(saved) });
   * assertEquals(await restored.next(), expected);
   * await restored.return();
   * ```
   */
  checkpoint(): Promise<Checkpoint>;
  /** The reader itself: a pass begins once. */
  [Symbol.asyncIterator](): DatasetReader<T>;
  /** As `return()`; once more does nothing. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Prepares an execution, to be ended by closing its iterator after aborting `signal`; `progress` is that of the program. */
export type Open<T> = (signal: AbortSignal, progress: () => Progress) => Execution<T>;

/** Checks the options of a reader. */
export function checkReaderOptions(options: ReaderOptions): ReaderOptions {
  checkKeys("options", options, ["signal", "checkpoint"]);
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
    throw new InvalidArgumentError(`\`signal\` must be an AbortSignal, got ${show(options.signal)}`);
  }
  return options;
}

interface Waiting<T> {
  resolve(pulled: Pulled<T>): void;
  reject(reason: unknown): void;
}

// Elements that are ready at once come by microtasks alone; without a pause a timer, and with it a time limit on
// the reading, would never get its turn. The time is looked at once in so many elements only.
const ELEMENTS_BETWEEN_LOOKS = 256;
const MS_BETWEEN_PAUSES = 50;

/** Reads an execution: begins it at the first pull, ends it once, whoever asks for the end. */
export class ExecutionReader<T> implements DatasetReader<T> {
  readonly #open: Open<T>;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #controller = new AbortController();
  #execution: Execution<T> | undefined;
  #settle: (() => void) | null = null;
  /** How many elements were given out. */
  #taken = 0;
  /** Whether the execution has said that there are no more. */
  #ended = false;
  /** Set as soon as the pass is over; settled when all is free. */
  #closed: Promise<void> | undefined;
  /** Set when the signal ended the pass. */
  #aborted = false;
  /** Whoever waits for the pull that is under way. */
  #waiting: Waiting<T> | undefined;
  /** The last pull that has been asked for, while it is under way. */
  #last: Promise<Pulled<T>> | undefined;
  #pulls = 0;
  #pausedAt = 0;

  /** Reads what `open` opens. */
  constructor(open: Open<T>, options: { clock: Clock; signal?: AbortSignal }) {
    this.#open = open;
    this.#clock = options.clock;
    this.#signal = options.signal;
  }

  next(): Promise<IteratorResult<T>> {
    const pulled = this.#last === undefined ? this.pull() : this.#last.then(this.pull, this.pull);
    // What pull() gives is a promise of its own or none at all: the quick question is enough.
    if (!(pulled instanceof Promise)) return Promise.resolve(resultOf(pulled));
    this.#last = pulled;
    const leave = () => {
      if (this.#last === pulled) this.#last = undefined;
    };
    pulled.then(leave, leave);
    return pulled.then(resultOf);
  }

  async return(): Promise<IteratorResult<T>> {
    this.#waiting?.resolve(DONE);
    await this.#close(new CanceledError("The reader has left"));
    return { done: true, value: undefined };
  }

  async throw(error?: unknown): Promise<IteratorResult<T>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): DatasetReader<T> {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /**
   * As `next()`, but at once where nothing has to wait, and without an object around the element. The caller awaits
   * a promise before it pulls again.
   */
  readonly pull = (): Pulled<T> | Promise<Pulled<T>> => {
    if (this.#closed) return this.#over();
    try {
      const { iterator } = this.#execution ??= this.#begin();
      if (++this.#pulls % ELEMENTS_BETWEEN_LOOKS === 0 && this.#isPauseDue()) {
        return this.#wait(this.#clock.sleep(0).then(() => this.#closed ? DONE : iterator.next()));
      }
      const pulled = iterator.next();
      return isPromise(pulled) ? this.#wait(pulled) : this.#deliver(pulled);
    } catch (error) {
      return this.#fail(error);
    }
  };

  async checkpoint(): Promise<Checkpoint> {
    // What was asked for before is given out before: its elements count as taken.
    while (this.#last !== undefined) await this.#last.catch(() => {});
    this.#execution ??= this.#begin();
    return this.#execution.checkpoint();
  }

  #begin(): Execution<T> {
    this.#pausedAt = this.#clock.now();
    if (this.#signal?.aborted) {
      this.#aborted = true;
      throw this.#signal.reason;
    }
    this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
    const progress = () => ({ taken: this.#taken, ended: this.#ended });
    const execution = this.#open(this.#controller.signal, progress);
    this.#settle = execution.settle;
    return execution;
  }

  #isPauseDue(): boolean {
    const now = this.#clock.now();
    if (now - this.#pausedAt < MS_BETWEEN_PAUSES) return false;
    this.#pausedAt = now;
    return true;
  }

  /** The pull's outcome, or the end or the signal's reason if that comes first. */
  #wait(pulled: Promise<Pulled<T>>): Promise<Pulled<T>> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting = { resolve, reject };
      const leave = () => {
        if (this.#waiting === waiting) this.#waiting = undefined;
      };
      pulled.then((value) => this.#deliver(value), (error) => this.#fail(error)).then(resolve, reject)
        .finally(leave);
    });
  }

  #deliver(pulled: Pulled<T>): Pulled<T> | Promise<Pulled<T>> {
    // A user's function may have ended the pass while it made the element.
    if (this.#closed) return this.#over();
    if (pulled !== DONE) {
      this.#taken++;
      if (this.#settle !== null) this.#settle();
      return pulled;
    }
    this.#ended = true;
    return this.#close(new CanceledError("The dataset is at its end")).then(() => this.#over());
  }

  async #fail(error: unknown): Promise<typeof DONE> {
    if (this.#closed) return this.#over(); // What fails because the reader has left tells nobody anything.
    await this.#close(error).catch(() => {}); // The first error is the one that explains.
    throw error;
  }

  #over(): typeof DONE | Promise<typeof DONE> {
    return this.#aborted ? Promise.reject(this.#signal?.reason) : DONE;
  }

  readonly #onAbort = (): void => {
    this.#aborted = true;
    this.#waiting?.reject(this.#signal?.reason);
    this.#close(this.#signal?.reason).catch(() => {}); // return() tells how it went.
  };

  #close(reason: unknown): Promise<void> {
    return this.#closed ??= this.#free(reason);
  }

  async #free(reason: unknown): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#controller.abort(reason);
    await Promise.resolve(); // When a user's function asks for the end, its pull must come back first.
    await this.#execution?.iterator.close();
  }
}

function resultOf<T>(pulled: Pulled<T>): IteratorResult<T> {
  return pulled === DONE ? { done: true, value: undefined } : { done: false, value: pulled };
}
