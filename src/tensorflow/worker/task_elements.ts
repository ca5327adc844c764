import {
  assertNever,
  type Clock,
  type MaybePromise,
  raceAbort,
  type Timer,
  UnavailableError,
} from "../../base/mod.ts";
import type { BlockReader } from "../../element/mod.ts";
import { BlockOpener } from "../../worker/mod.ts";
import type { WireBatch } from "../../rpc/mod.ts";
import {
  elementResponseChunks,
  END_OF_SEQUENCE,
  type Layout,
  layoutOf,
  SKIP_TASK,
  tensorParts,
} from "../elements/mod.ts";
import { pipelineError, refusalError } from "./errors.ts";
import type { ServedTasks } from "./served_tasks.ts";

/** What a {@linkcode TaskElements} works with. */
export interface TaskElementsOptions {
  readonly tasks: ServedTasks;
  readonly taskId: bigint;
  /** The trainer that the readers belong to, for a cross-trainer cache; else empty. */
  readonly trainerId: string;
  /** The reader that the readers are to the task. */
  readonly clientId: bigint;
  readonly clock: Clock;
  /** It is of no use any more: what comes next needs another one. */
  readonly onOver: () => void;
}

/** How long an element is waited for before a reader that may be sent away is, in milliseconds. */
const SKIP_AFTER_MS = 50;

/** Without a request for so long, what nobody has taken goes to the task's other readers, in milliseconds. */
const IDLE_MS = 60_000;

/** Blocks that are sent or on their way: one that is given out, and others that come meanwhile. */
const WINDOW = 3;

/**
 * - `open`: a session with the task is there, or will be at the first request. Left at the end, at an error, and when
 *   nobody asks for long.
 * - `ended`: the task has no more elements.
 * - `over`: the session is released.
 */
type State = "open" | "ended" | "over";

/**
 * The elements of one task, one for each request of TensorFlow's readers, who do not say who they are: together they
 * are one reader of the task. A block counts as taken when an element beyond it is asked for: by then the answer
 * with its last one has left.
 */
export class TaskElements {
  readonly #options: TaskElementsOptions;
  readonly #left = new AbortController();
  readonly #blocks = new BlockOpener();
  #state: State = "open";
  #stream: AsyncIterator<WireBatch, void, void> | null = null;
  #sessionId = "";
  #layout: Layout | null = null;
  /** The block that is given out, its number, and its first element that is not. */
  #block: BlockReader | null = null;
  #sequence = 0;
  #index = 0;
  /** Set while the next block is waited for; whoever lacks an element waits for the same one. */
  #pull: Promise<void> | null = null;
  #acknowledged: Promise<void> = Promise.resolve();
  #acknowledgementError: unknown = null;
  #usedAt: number;
  #idle: Timer | null = null;

  /** Asks for nothing before the first request. */
  constructor(options: TaskElementsOptions) {
    this.#options = options;
    this.#usedAt = options.clock.now();
    this.#watchIdle();
  }

  /**
   * The answer to a request, as chunks; at once where an element is there. `signalOf` is asked for where it is not.
   *
   * Throws, or rejects with, what the pipeline failed with, why the element cannot be given to TensorFlow, or the signal's
   * reason.
   */
  next(allowSkip: boolean, signalOf: () => AbortSignal): MaybePromise<readonly Uint8Array[]> {
    this.#usedAt = this.#options.clock.now();
    return this.#take() ?? this.#await(allowSkip, signalOf());
  }

  /** Ends the session; what nobody has taken goes to other readers. Idempotent. */
  release(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#idle?.clear();
    if (this.#sessionId !== "") this.#acknowledge(true).catch(() => {}); // The session ends without it, later.
    this.#left.abort(anew());
    this.#options.onOver();
  }

  /** What can be given at once. */
  #take(): readonly Uint8Array[] | null {
    switch (this.#state) {
      case "open": {
        if (!this.#block || this.#index >= this.#block.count) return null;
        const element = this.#block.get(this.#index++);
        return elementResponseChunks(tensorParts(this.#layout!, element));
      }
      case "ended":
        return [END_OF_SEQUENCE];
      case "over":
        throw anew();
      default:
        return assertNever(this.#state);
    }
  }

  async #await(allowSkip: boolean, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    const tooLong = allowSkip ? this.#usedAt + SKIP_AFTER_MS : Infinity;
    for (;;) {
      const pull = this.#pull ??= this.#advance().finally(() => this.#pull = null);
      if (!await this.#wait(pull, tooLong, signal)) return [SKIP_TASK];
      const given = this.#take();
      if (given) return given;
    }
  }

  /** Waits for `pull`; false: not before `tooLong`. */
  async #wait(pull: Promise<void>, tooLong: number, signal: AbortSignal): Promise<boolean> {
    pull.catch(() => {}); // Those who wait are told; if nobody does any more, the next one is.
    if (tooLong === Infinity) {
      await raceAbort(pull, signal);
      return true;
    }
    const { clock } = this.#options;
    const enough = new AbortController();
    const late = clock.sleep(Math.max(0, tooLong - clock.now()), { signal: enough.signal }).then(
      () => false,
      () => true,
    );
    try {
      return await raceAbort(Promise.race([pull.then(() => true), late]), signal);
    } finally {
      enough.abort();
    }
  }

  /** Waits until there is a block or the end. */
  async #advance(): Promise<void> {
    try {
      this.#stream ??= this.#open();
      if (this.#block) {
        this.#block = null;
        this.#sequence++;
        this.#index = 0;
        this.#acknowledgeSoon();
      }
      while (this.#state === "open" && !this.#block) await this.#receive();
    } catch (error) {
      this.release();
      throw refusalError(error);
    }
  }

  #open(): AsyncIterator<WireBatch, void, void> {
    const { tasks, taskId, clientId, trainerId } = this.#options;
    return tasks.openStream(taskId, {
      clientId,
      trainerId,
      sessionId: "",
      next: 0,
      taken: 0,
      limit: WINDOW,
      accepted: [],
      compression: "NONE",
      loopback: true,
    }, this.#left.signal);
  }

  async #receive(): Promise<void> {
    const { done, value: batch } = await this.#stream!.next();
    if (done) throw anew();
    if (batch.sessionId !== "") this.#sessionId = batch.sessionId;
    if (batch.error) {
      // It is taken: what comes after it is for those who ask next.
      this.#sequence = batch.sequence + 1;
      throw pipelineError(batch.error);
    }
    if (batch.count > 0) {
      this.#layout ??= await this.#findLayout();
      this.#sequence = batch.sequence;
      this.#index = 0;
      this.#block = this.#blocks.open(batch);
    } else if (batch.endOfSequence) {
      // The dispatcher hears of a task's end before its readers do.
      await this.#acknowledged;
      if (this.#acknowledgementError) throw this.#acknowledgementError;
      this.#state = "ended";
      this.#idle?.clear();
      this.#options.onOver();
    }
  }

  async #findLayout(): Promise<Layout> {
    const { tasks, taskId } = this.#options;
    return layoutOf(await tasks.elementSpec(taskId, this.#left.signal));
  }

  #acknowledgeSoon(): void {
    this.#acknowledgementError = null;
    this.#acknowledged = this.#acknowledge(false).catch((error) => {
      this.#acknowledgementError = error;
    });
  }

  async #acknowledge(release: boolean): Promise<void> {
    const { tasks, taskId, clientId } = this.#options;
    await tasks.acknowledge(taskId, {
      clientId,
      sessionId: this.#sessionId,
      taken: this.#sequence,
      takenWithin: this.#index,
      limit: this.#sequence + WINDOW,
      release,
    }, new AbortController().signal);
  }

  #watchIdle(): void {
    const { clock } = this.#options;
    const rest = this.#usedAt + IDLE_MS - clock.now();
    // Whoever waits for an element still uses it.
    if (rest <= 0 && !this.#pull) this.release();
    else this.#idle = clock.setTimer(() => this.#watchIdle(), rest > 0 ? rest : IDLE_MS);
  }
}

/** The client tries this again, and finds a session of its own. */
function anew(): UnavailableError {
  return new UnavailableError("The task's elements were cut off: ask again");
}
