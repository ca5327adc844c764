import type { MaybePromise } from "../../../src/base/mod.ts";
import type { Element } from "../../../src/element/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../../../src/executor/mod.ts";

/** An iterator whose pulls the test answers. */
export class ScriptedIterator implements ElementIterator<Element> {
  pulls = 0;
  closed = 0;
  readonly #answer: (pull: number) => MaybePromise<Pulled<Element>>;

  /** `answer` gives what pull number `pull` (from 0) gives; it may throw. */
  constructor(answer: (pull: number) => MaybePromise<Pulled<Element>>) {
    this.#answer = answer;
  }

  next(): MaybePromise<Pulled<Element>> {
    return this.#answer(this.pulls++);
  }

  close(): void {
    this.closed++;
  }
}

/** The elements of an array, without waiting. */
export function fromItems(items: readonly Element[]): ScriptedIterator {
  return new ScriptedIterator((pull) => pull < items.length ? items[pull] : DONE);
}

/** The numbers from 0 to `count`, without waiting. */
export function numbers(count: number): ScriptedIterator {
  return new ScriptedIterator((pull) => pull < count ? pull : DONE);
}

/** An iterator that waits in every pull until the test gives it something. */
export class ManualIterator implements ElementIterator<Element> {
  closed = 0;
  #waiting: PromiseWithResolvers<Pulled<Element>> | null = null;

  next(): Promise<Pulled<Element>> {
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  /** Whether a pull waits. */
  get pulled(): boolean {
    return this.#waiting !== null;
  }

  /** Answers the pull that waits. */
  give(element: Pulled<Element>): void {
    const waiting = this.#waiting!;
    this.#waiting = null;
    waiting.resolve(element);
  }

  close(): void {
    this.closed++;
    this.#waiting?.resolve(DONE);
  }
}
