import { type Clock, isPromise, type MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { BoundFunction } from "../bound_function.ts";
import type { SpreadFunction } from "../call_spreader.ts";
import { Failure, unwrap } from "../failure.ts";
import { Fifo } from "../fifo.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Held, Holding } from "../tracking.ts";
import type { SpreadGauge } from "./spread_gauge.ts";

/** What a {@linkcode ThreadedMap} works with. */
export interface ThreadedMapOptions {
  input: ElementIterator<Element>;
  /** The function in this thread. */
  fn: BoundFunction;
  /** How many elements of the input have gone before. */
  begun: number;
  /** The function on other threads. */
  remote: SpreadFunction;
  /** Takes the results of other threads that have come. */
  poll: () => void;
  clock: Clock;
  /** Says how many elements go to another thread at a time. */
  gauge: SpreadGauge;
  /** As of the node: as many results at least may wait for the reader beside the batches under way. */
  parallel: number;
  /** Whether results come in the order of their elements; else as they are ready. */
  deterministic: boolean;
  /** Where it is noted what elements consumed. @default nowhere */
  holding?: Holding | null;
}

/** An element of the input, or what was thrown in its place, and what it consumed. */
interface Input {
  readonly item: Element | Failure;
  readonly entries: Held;
}

/** A result that is to come; `outcome` is null until it is there. */
interface Slot {
  readonly entries: Held;
  outcome: { readonly value: Element | Failure } | null;
}

// Other threads must not run dry while this one computes, and a look costs microseconds.
const POLL_EVERY_MS = 0.5;

// While the first of two batches of a thread is computed, this one makes as many calls. Their results wait for both,
// and those of other threads that were quicker wait, too. With room for less, this thread stood idle half of the time.
const WAITING_BATCHES = 4;
const WAITING_BATCHES_A_THREAD = 2;

/**
 * Makes some of its calls on other threads: batches go wherever a thread is free, and while the next result in turn
 * is not there yet, calls are made in this thread, too.
 */
export class ThreadedMap implements ElementIterator<Element> {
  readonly #options: ThreadedMapOptions;
  /** In the order of delivery: of the elements, or else as results come. */
  readonly #slots = new Fifo<Slot>();
  #index: number;
  /** Elements in other threads and in the queue. */
  #outstanding = 0;
  #remote = 0;
  #pulling = false;
  #ended = false;
  #closed = false;
  #wake: (() => void) | null = null;
  #polledAt: number;

  constructor(options: ThreadedMapOptions) {
    this.#options = options;
    this.#index = options.begun;
    this.#polledAt = options.clock.now();
  }

  next(): MaybePromise<Pulled<Element>> {
    this.#poll();
    this.#dispatch();
    return this.#isReady() ? unwrap(this.#take()) : this.#work();
  }

  close(): MaybePromise<void> {
    this.#closed = this.#ended = true;
    this.#slots.clear();
    this.#options.remote.close();
    this.#notify();
    return this.#options.input.close();
  }

  /** Works in this thread until there is a result in turn. */
  async #work(): Promise<Pulled<Element>> {
    for (;;) {
      if (this.#poll()) await null; // What has come takes its place as promises get on.
      if (this.#closed) return DONE;
      this.#dispatch();
      if (this.#isReady()) return unwrap(this.#take());
      if (this.#ended && !this.#pulling && this.#outstanding === 0) {
        this.#options.holding?.pass();
        return DONE;
      }
      if (!this.#ended && !this.#pulling && this.#waiting < this.#mostWaiting) this.#callNext();
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Looks for results once in a while; says whether it did. */
  #poll(): boolean {
    const { clock, poll } = this.#options;
    const now = clock.now();
    if (now - this.#polledAt < POLL_EVERY_MS) return false;
    this.#polledAt = now;
    poll();
    return true;
  }

  /** How many results may wait for the reader. */
  get #mostWaiting(): number {
    const { parallel, gauge, remote } = this.#options;
    const batches = WAITING_BATCHES + WAITING_BATCHES_A_THREAD * remote.threads;
    return Math.max(parallel, batches * gauge.batch);
  }

  /** Gives batches to the threads that are free. */
  #dispatch(): void {
    const { remote, gauge } = this.#options;
    while (!this.#ended && !this.#pulling && remote.free && this.#waiting < this.#mostWaiting) {
      const inputs = this.#gather(gauge.batch);
      if (inputs.length > 0) this.#send(inputs);
    }
  }

  /** Results that wait in the queue. */
  get #waiting(): number {
    return this.#outstanding - this.#remote;
  }

  /** Pulls up to `count` elements that are there without waiting. */
  #gather(count: number): Input[] {
    const inputs: Input[] = [];
    while (inputs.length < count) {
      const element = this.#pull();
      if (element instanceof Failure) {
        const failed = this.#note(element);
        if (inputs.length > 0) this.#send(inputs.splice(0)); // They come before the error.
        this.#callHere(failed);
        break;
      }
      if (element === DONE) break;
      if (isPending(element)) {
        this.#follow(element);
        break;
      }
      inputs.push(this.#note(element));
    }
    return inputs;
  }

  #note(item: Element | Failure): Input {
    const { holding } = this.#options;
    return { item, entries: holding && !(item instanceof Failure) ? holding.take() : null };
  }

  #pull(): MaybePromise<Pulled<Element>> | Failure {
    try {
      const element = this.#options.input.next();
      if (element === DONE) this.#ended = true;
      return element;
    } catch (error) {
      return new Failure(error);
    }
  }

  #send(inputs: readonly Input[]): void {
    const { remote, deterministic } = this.#options;
    let outcomes: Promise<readonly (Element | Failure)[]>;
    try {
      outcomes = remote.call(this.#index, inputs.map(({ item }) => item as Element));
    } catch {
      // What cannot travel (the value of a function above that is no element deep down) is dealt with here.
      for (const input of inputs) this.#callHere(input);
      return;
    }
    const slots = inputs.map(({ entries }): Slot => ({ entries, outcome: null }));
    this.#index += inputs.length;
    this.#outstanding += inputs.length;
    this.#remote += inputs.length;
    if (deterministic) { for (const slot of slots) this.#slots.push(slot); }
    outcomes.then((values) => {
      this.#remote -= inputs.length;
      if (this.#closed) return;
      slots.forEach((slot, i) => {
        slot.outcome = { value: values[i] };
        if (!deterministic) this.#slots.push(slot);
      });
      this.#dispatch();
      this.#notify();
    });
  }

  /** Goes on when the input has something. */
  #follow(pulled: Promise<Pulled<Element>>): void {
    this.#pulling = true;
    const settle = (settled: Pulled<Element> | Failure) => {
      this.#pulling = false;
      if (this.#closed) return;
      if (settled === DONE) this.#ended = true;
      else {
        const input = this.#note(settled);
        if (!(settled instanceof Failure) && this.#options.remote.free) this.#send([input]);
        else this.#callHere(input);
      }
      this.#dispatch();
      this.#notify();
    };
    pulled.then(settle, (error) => settle(new Failure(error)));
  }

  /** Makes one call in this thread, for the next element. */
  #callNext(): void {
    const element = this.#pull();
    if (element instanceof Failure) return this.#callHere(this.#note(element));
    if (element === DONE) return;
    if (isPending(element)) return this.#follow(element);
    this.#callHere(this.#note(element));
  }

  #callHere({ item, entries }: Input): void {
    this.#deliver(item instanceof Failure ? item : this.#call(item), entries);
  }

  #call(element: Element): MaybePromise<Element | Failure> {
    const { fn } = this.#options;
    const index = this.#index++;
    try {
      const value = fn.invoke(index, element);
      if (!isPromise(value)) return fn.result(index, value);
      return value.then((settled) => fn.result(index, settled)).catch((error) => new Failure(error));
    } catch (error) {
      return new Failure(error);
    }
  }

  #deliver(value: MaybePromise<Element | Failure>, entries: Held): void {
    const slot: Slot = { entries, outcome: null };
    this.#outstanding++;
    if (!isPending(value)) slot.outcome = { value };
    if (this.#options.deterministic || slot.outcome) this.#slots.push(slot);
    if (!isPending(value)) return;
    value.then((settled) => {
      slot.outcome = { value: settled };
      if (!this.#options.deterministic) this.#slots.push(slot);
      this.#notify();
    });
  }

  #isReady(): boolean {
    const first = this.#slots.peek();
    return first !== undefined && first.outcome !== null;
  }

  #take(): Element | Failure {
    const { outcome, entries } = this.#slots.shift();
    this.#options.holding?.give(entries);
    this.#outstanding--;
    return outcome!.value;
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
