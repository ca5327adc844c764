import type { MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { BoundFunction } from "../bound_function.ts";
import { Failure, unwrap } from "../failure.ts";
import { Fifo } from "../fifo.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";

/** A call that was begun; `outcome` is null until it has ended. */
interface Call {
  outcome: { readonly value: Element | Failure } | null;
}

/** How a parallel map runs. */
export interface ParallelMapOptions {
  /** Most calls that are under way or whose results wait for the reader. */
  readonly parallel: number;
  /** Whether results come in the order of their elements; else as they are ready. */
  readonly deterministic: boolean;
}

/**
 * Calls a function for several elements at a time. Calls are begun until `parallel` are outstanding, also while
 * nobody pulls; a result counts as outstanding until it is taken, so that a slow reader holds the input back.
 */
export class ParallelMap implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #fn: BoundFunction;
  readonly #options: ParallelMapOptions;
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
        const value = this.#begin(element);
        if (value !== BEGUN) return unwrap(value);
      }
    }
    this.#pump();
    if (this.#isReady()) return unwrap(this.#take());
    if (this.#isOver()) return DONE;
    return new Promise((resolve, reject) => this.#waiter = { resolve, reject });
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

  #take(): Element | Failure {
    const { outcome } = this.#calls.shift();
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
        this.#deliver(new Failure(error));
        continue;
      }
      if (isPending(element)) this.#follow(element);
      else if (element === DONE) this.#ended = true;
      else {
        const value = this.#begin(element);
        if (value !== BEGUN) this.#deliver(value);
      }
    }
  }

  #follow(pulled: Promise<Pulled<Element>>): void {
    this.#pulling = true;
    const settle = (settled: Pulled<Element> | Failure) => {
      this.#pulling = false;
      if (this.#ended) return; // Closed meanwhile.
      if (settled === DONE) this.#ended = true;
      else if (settled instanceof Failure) this.#deliver(settled);
      else {
        const value = this.#begin(settled);
        if (value !== BEGUN) this.#deliver(value);
      }
      this.#pump();
      this.#wake();
    };
    pulled.then(settle, (error) => settle(new Failure(error)));
  }

  /** Calls the function; gives what a call that did not wait gave, else notes the call and gives BEGUN. */
  #begin(element: Element): Element | Failure | typeof BEGUN {
    const index = this.#index++;
    let value: unknown;
    try {
      value = this.#fn.invoke(index, element);
    } catch (error) {
      return new Failure(error);
    }
    if (!isPending(value)) return this.#check(index, value);
    const call: Call = { outcome: null };
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

  #deliver(value: Element | Failure): void {
    this.#outstanding++;
    this.#calls.push({ outcome: { value } });
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
      waiter.resolve(DONE);
    }
  }
}

const BEGUN = Symbol("begun");
