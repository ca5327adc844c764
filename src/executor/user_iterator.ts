import { isPromise, type MaybePromise } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "./iterator.ts";

/** How an iterator over a user's iterable names its errors and checks what it gives. */
export interface UserIteratorHooks {
  /** The error for what the iterable threw where it should have given its element `index`. */
  failed(index: number, thrown: unknown): Error;
  /** The element `index`, or an error for what is not an element. */
  result(index: number, value: unknown): Element;
}

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

/** An iterator over an iterable or async iterable of a user; undefined for anything else. */
export function iterate(iterable: unknown, hooks: UserIteratorHooks): ElementIterator<Element> | undefined {
  if (iterable === null || iterable === undefined) return undefined;
  if (Array.isArray(iterable)) return new ArrayIterator(iterable, hooks);
  const candidate = iterable as { [Symbol.asyncIterator]?: unknown; [Symbol.iterator]?: unknown };
  const method = candidate[Symbol.asyncIterator] ?? candidate[Symbol.iterator];
  if (typeof method !== "function") return undefined;
  try {
    return new UserIterator(method.call(iterable) as AnyIterator, hooks);
  } catch (error) {
    throw hooks.failed(0, error);
  }
}

/** Arrays are what functions give most; they need no iterator objects. */
class ArrayIterator implements ElementIterator<Element> {
  #items: readonly unknown[];
  readonly #hooks: UserIteratorHooks;
  #index = 0;

  constructor(items: readonly unknown[], hooks: UserIteratorHooks) {
    this.#items = items;
    this.#hooks = hooks;
  }

  next(): MaybePromise<Pulled<Element>> {
    if (this.#index >= this.#items.length) return DONE;
    const index = this.#index++;
    const value = this.#items[index];
    return isPromise(value) ? settle(this.#hooks, index, value) : this.#hooks.result(index, value);
  }

  close(): void {
    this.#items = [];
  }
}

class UserIterator implements ElementIterator<Element> {
  readonly #iterator: AnyIterator;
  readonly #hooks: UserIteratorHooks;
  #index = 0;
  #waiting = false;
  #ended = false;

  constructor(iterator: AnyIterator, hooks: UserIteratorHooks) {
    this.#iterator = iterator;
    this.#hooks = hooks;
  }

  next(): MaybePromise<Pulled<Element>> {
    if (this.#ended) return DONE;
    let result: MaybePromise<IteratorResult<unknown>>;
    try {
      result = this.#iterator.next();
    } catch (error) {
      throw this.#broken(error);
    }
    return isPromise(result) ? this.#later(result) : this.#unwrap(result);
  }

  /** Calls the iterator's `return`, unless it has ended. Its clean-up is waited for where it is idle. */
  close(): MaybePromise<void> {
    if (this.#ended) return;
    this.#ended = true;
    let returned: unknown;
    try {
      returned = this.#iterator.return?.();
    } catch (error) {
      throw this.#hooks.failed(this.#index, error);
    }
    if (!isPromise(returned)) return;
    const closing = returned.then(() => {}, (error) => {
      throw this.#hooks.failed(this.#index, error);
    });
    if (!this.#waiting) return closing;
    // An async generator returns only after its pending `next`, which may never come.
    closing.catch(() => {});
  }

  async #later(pending: Promise<IteratorResult<unknown>>): Promise<Pulled<Element>> {
    this.#waiting = true;
    let result: IteratorResult<unknown>;
    try {
      result = await pending;
    } catch (error) {
      throw this.#broken(error);
    } finally {
      this.#waiting = false;
    }
    return this.#ended ? DONE : this.#unwrap(result);
  }

  #unwrap(result: IteratorResult<unknown>): MaybePromise<Pulled<Element>> {
    if (typeof result !== "object" || result === null) {
      throw this.#broken(new TypeError(`Iterator gave ${String(result)} instead of a result object`));
    }
    if (result.done) {
      this.#ended = true;
      return DONE;
    }
    const index = this.#index++;
    const { value } = result;
    return isPromise(value) ? settle(this.#hooks, index, value) : this.#hooks.result(index, value);
  }

  /** As for `for..of`, an iterator that has thrown is over: asking again could go on for ever. */
  #broken(error: unknown): Error {
    this.#ended = true;
    return this.#hooks.failed(this.#index, error);
  }
}

async function settle(hooks: UserIteratorHooks, index: number, pending: Promise<unknown>): Promise<Element> {
  let value: unknown;
  try {
    value = await pending;
  } catch (error) {
    throw hooks.failed(index, error);
  }
  return hooks.result(index, value);
}
