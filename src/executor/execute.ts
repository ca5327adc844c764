import { CanceledError, deferred, isPromise, type MaybePromise } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import type { GraphNode } from "../graph/mod.ts";
import type { ExecutionContext } from "./context.ts";
import { DONE, type ElementIterator, type Pulled } from "./iterator.ts";
import { leaveOut } from "./leave_out.ts";
import { isPending } from "./pending.ts";
import { Pipeline } from "./pipeline.ts";
import { Run } from "./run.ts";
import { Tracking } from "./tracking.ts";

/**
 * Runs a graph: gives an iterator over the elements of `root`.
 *
 * Nothing happens before the first pull, which loads the user functions, plans and builds the operators. A
 * pipeline that cannot start (a missing function, say) fails in every pull; an error of a single element comes
 * out once, in its place. When `context.signal` is aborted a waiting pull rejects with its reason at once, every
 * later pull throws it, and everything is freed as by `close`. A pull that waits while the iterator is closed
 * ends with {@linkcode DONE}.
 *
 * @throws {SluiceError} from `next`: what sources and operators throw, unchanged
 * @throws {InternalError} from `next`, where a user function threw; `cause` is what it threw
 */
export function execute(
  root: GraphNode,
  context: ExecutionContext,
  { skip = 0 }: ExecuteOptions = {},
): ElementIterator<Element> {
  return new Execution(root, context, skip);
}

/** How an execution begins. */
export interface ExecuteOptions {
  /**
   * Elements at the beginning that are left out, those that fail included: a reader has them already. They are not
   * made where the operators can do without. @default 0
   */
  readonly skip?: number;
}

const FIRST_PART = 64;
const PART_MS = 10;

class Ended implements ElementIterator<Element> {
  next(): typeof DONE {
    return DONE;
  }
  close(): void {}
}

class Failed implements ElementIterator<Element> {
  readonly #reason: unknown;
  constructor(reason: unknown) {
    this.#reason = reason;
  }
  next(): never {
    throw this.#reason;
  }
  close(): void {}
}

/**
 * The outermost iterator. It alone races its waits against the reader's signal: operators below just wait, and
 * are closed when the race is lost, so that an asynchronous operator pays nothing for being cancellable.
 */
class Execution implements ElementIterator<Element> {
  readonly #root: GraphNode;
  readonly #run: Run;
  readonly #skip: number;
  #current: ElementIterator<Element>;
  #waiter: { resolve(pulled: Pulled<Element>): void; reject(reason: unknown): void } | null = null;
  #over = false;
  #closing: MaybePromise<void> = undefined;

  constructor(root: GraphNode, context: ExecutionContext, skip: number) {
    this.#root = root;
    this.#skip = skip;
    this.#run = new Run(context);
    this.#current = { next: () => this.#start(), close: () => {} };
  }

  next(): MaybePromise<Pulled<Element>> {
    const pulled = this.#current.next();
    return isPending(pulled) ? this.#race(pulled) : pulled;
  }

  close(): MaybePromise<void> {
    if (!this.#over) {
      this.#finish(
        new CanceledError("Cannot go on reading: the reader has closed the dataset's iterator"),
        new Ended(),
      );
      this.#waiter?.resolve(DONE);
    }
    return this.#closing;
  }

  #race(pulled: Promise<Pulled<Element>>): Promise<Pulled<Element>> {
    const { promise, resolve, reject } = deferred<Pulled<Element>>();
    this.#waiter = { resolve, reject };
    pulled.then(resolve, reject);
    return promise;
  }

  #start(): MaybePromise<Pulled<Element>> {
    const { signal } = this.#run.context;
    if (signal.aborted) {
      this.#finish(signal.reason, new Failed(signal.reason));
      throw signal.reason;
    }
    signal.addEventListener("abort", this.#onAbort, { once: true });
    const started = this.#build();
    return isPromise(started) ? started.then(this.#begin, this.#fail) : this.#begin(started);
  }

  #build(): MaybePromise<ElementIterator<Element>> {
    try {
      const { splits, settlement, ledger = settlement?.ledger } = this.#run.context;
      return new Pipeline(this.#root, this.#run, {
        splits,
        settlement,
        tracking: ledger ? new Tracking(ledger) : null,
      }).start();
    } catch (error) {
      return this.#fail(error);
    }
  }

  readonly #begin = (operators: ElementIterator<Element>): MaybePromise<Pulled<Element>> => {
    if (this.#over) return DONE; // Closed while a module was loading: nothing was opened, nothing is to be freed.
    this.#current = operators;
    if (this.#skip === 0) return operators.next();
    return this.#leaveOut(operators).catch(this.#fail).then(() => this.#over ? DONE : operators.next());
  };

  /** Leaves out the first elements, a part at a time: others in this thread must get their turns. */
  async #leaveOut(operators: ElementIterator<Element>): Promise<void> {
    const { clock } = this.#run.context;
    for (let left = this.#skip, part = FIRST_PART; left > 0;) {
      const began = clock.now();
      const count = Math.min(part, left);
      const skipped = await leaveOut(operators, count);
      if (this.#over || skipped < count) return;
      left -= skipped;
      const took = clock.now() - began;
      if (took < PART_MS) part *= 2;
      else {
        part = Math.max(1, Math.floor(part * PART_MS / took));
        await clock.sleep(0, { signal: this.#run.signal });
      }
    }
  }

  readonly #fail = (reason: unknown): never => {
    if (!this.#over) this.#current = new Failed(reason);
    throw reason;
  };

  readonly #onAbort = (): void => {
    const { reason } = this.#run.context.signal;
    this.#finish(reason, new Failed(reason));
    this.#waiter?.reject(reason);
  };

  #finish(reason: unknown, last: ElementIterator<Element>): void {
    const operators = this.#current;
    this.#over = true;
    this.#current = last;
    this.#run.context.signal.removeEventListener("abort", this.#onAbort);
    this.#run.stop(reason);
    try {
      this.#closing = operators.close();
    } catch (error) {
      this.#closing = Promise.reject(error);
    }
    // Whoever closes gets the promise; after an abort nobody may ever ask for it.
    if (isPromise(this.#closing)) this.#closing.catch(() => {});
  }
}
