import type { MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { BoundFunction } from "../bound_function.ts";
import { Failure, unwrap } from "../failure.ts";
import { Fifo } from "../fifo.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { counted, leaveOut } from "../leave_out.ts";
import { isPending } from "../pending.ts";
import type { Held, Holding } from "../tracking.ts";

/** A call that was begun; `outcome` is null until it has ended. */
interface Call {
  /** What its element consumed, where somebody asks. */
  readonly entries: Held;
  outcome: { readonly value: Element | Failure } | null;
}

/** How a parallel map runs. */
export interface ParallelMapOptions {
  /** Most calls that are under way or whose results wait for the reader. */
  readonly parallel: number;
  /** Whether results come in the order of their elements; else as they are ready. */
  readonly deterministic: boolean;
  /** Where it is noted what elements consumed. @default nowhere */
  readonly holding?: Holding | null;
}

/**
 * Calls a function for several elements at a time. Calls are begun until `parallel` are outstanding, also while
 * nobody pulls; a result counts as outstanding until it is taken, so that a slow reader holds the input back.
 */
export class ParallelMap implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #fn: BoundFunction;
  readonly #options: ParallelMapOptions;
  readonly #holding: Holding | null;
  /** In the order of delivery: of the elements, or else of the ends of the calls. */
  readonly #calls = new Fifo<Call>();
  #outstanding = 0;
  #index = 0;
  #pulling = false;
  #ended = false;
  #waiter: { resolve(pulled: Pulled<Element>): void; reject(reason: unknown): void } | null = null;

  constructor(input: ElementIterator<Element>, fn: BoundFunction, options: ParallelMapOptions) {
    this.#input = input;
    this.#fn = fn;
    this.#options = options;
    this.#holding = options.holding ?? null;
  }

  /** How many elements it has taken for calls. */
  get begun(): number {
    return this.#index;
  }

  /** Whether nothing is under way and nothing waits for the reader. */
  get idle(): boolean {
    return this.#outstanding === 0 && !this.#pulling && !this.#ended;
  }

  next(): MaybePromise<Pulled<Element>> {
    if (this.#outstanding === 0 && !this.#pulling && !this.#ended) {
      const element = this.#input.next();
      if (isPending(element)) this.#follow(element);
      else if (element === DONE) this.#ended = true;
      else {
        // A function that does not wait leaves nothing to run beside it, and so costs no queue.
        const entries = this.#holding === null ? null : this.#holding.take();
        const value = this.#begin(element, entries);
        if (value !== BEGUN) {
          this.#holding?.give(entries);
          return unwrap(value);
        }
      }
    }
    this.#pump();
    if (this.#isReady()) return unwrap(this.#take());
    if (this.#isOver()) return this.#end();
    return new Promise((resolve, reject) => this.#waiter = { resolve, reject });
  }

  skip(count: number): MaybePromise<number> {
    if (!this.idle) return leaveOut({ next: () => this.next(), close: () => {} }, count);
    return counted(leaveOut(this.#input, count), (skipped) => {
      this.#index += skipped;
      return skipped;
    });
  }

  close(): MaybePromise<void> {
    this.#ended = true;
    this.#calls.clear();
    this.#waiter?.resolve(DONE);
    this.#waiter = null;
    return this.#input.close();
  }

  #isReady(): boolean {
    const first = this.#calls.peek();
    return first !== undefined && first.outcome !== null;
  }

  #isOver(): boolean {
    return this.#ended && !this.#pulling && this.#calls.length === 0 && this.#outstanding === 0;
  }

  #end(): typeof DONE {
    this.#holding?.pass();
    return DONE;
  }

  #take(): Element | Failure {
    const { outcome, entries } = this.#calls.shift();
    this.#holding?.give(entries);
    this.#outstanding--;
    this.#pump(); // The freed place is used while the reader works on what it gets now.
    return outcome!.value;
  }

  #pump(): void {
    while (
      !this.#ended && !this.#pulling && this.#outstanding < this.#options.parallel
    ) {
      let element: MaybePromise<Pulled<Element>>;
      try {
        element = this.#input.next();
      } catch (error) {
        this.#call(new Failure(error));
        continue;
      }
      if (isPending(element)) this.#follow(element);
      else if (element === DONE) this.#ended = true;
      else this.#call(element);
    }
  }

  #follow(pulled: Promise<Pulled<Element>>): void {
    this.#pulling = true;
    const settle = (settled: Pulled<Element> | Failure) => {
      this.#pulling = false;
      if (this.#ended) return; // Closed meanwhile.
      if (settled === DONE) this.#ended = true;
      else this.#call(settled);
      this.#pump();
      this.#wake();
    };
    pulled.then(settle, (error) => settle(new Failure(error)));
  }

  /** Takes what the input gave. */
  #call(item: Element | Failure): void {
    const entries = this.#holding === null || item instanceof Failure ? null : this.#holding.take();
    const value = item instanceof Failure ? item : this.#begin(item, entries);
    if (value === BEGUN) return;
    this.#outstanding++;
    this.#calls.push({ entries, outcome: { value } });
  }

  /** Calls the function; gives what a call that did not wait gave, else notes the call and gives BEGUN. */
  #begin(element: Element, entries: Held): Element | Failure | typeof BEGUN {
    const index = this.#index++;
    let value: unknown;
    try {
      value = this.#fn.invoke(index, element);
    } catch (error) {
      return new Failure(error);
    }
    if (!isPending(value)) return this.#check(index, value);
    const call: Call = { entries, outcome: null };
    this.#outstanding++;
    if (this.#options.deterministic) this.#calls.push(call);
    const settle = (outcome: Element | Failure) => {
      call.outcome = { value: outcome };
      if (!this.#options.deterministic) this.#calls.push(call);
      this.#wake();
    };
    value.then(
      (result) => settle(this.#check(index, result)),
      (error) => settle(new Failure(error)),
    );
    return BEGUN;
  }

  #check(index: number, value: unknown): Element | Failure {
    try {
      return this.#fn.result(index, value);
    } catch (error) {
      return new Failure(error);
    }
  }

  #wake(): void {
    const waiter = this.#waiter;
    if (!waiter) return;
    if (this.#isReady()) {
      this.#waiter = null;
      const value = this.#take();
      if (value instanceof Failure) waiter.reject(value.reason);
      else waiter.resolve(value);
    } else if (this.#isOver()) {
      this.#waiter = null;
      waiter.resolve(this.#end());
    }
  }
}

const BEGUN = Symbol("begun");
