import { setImmediate } from "node:timers";
import { type Clock, sleepWith, type Timer } from "../../src/base/clock.ts";

interface Due {
  readonly at: number;
  readonly order: number;
  /** Null: nobody waits for it any more. */
  callback: (() => void) | null;
}

/** Time that moves only when nobody has anything left to do. Timers that are due together fire in the order of their making. */
export class VirtualTime {
  #now = 1_000_000;
  #order = 0;
  #trail = 0;
  /** A binary heap, the next one first. */
  readonly #heap: Due[] = [];

  /** Milliseconds since the epoch. */
  get now(): number {
    return this.#now;
  }

  /** Stands for all that has been due so far, and when. */
  get trail(): number {
    return this.#trail;
  }

  /** Calls `callback` in `ms` milliseconds; gives what takes it back. */
  in(ms: number, callback: () => void): () => void {
    const due: Due = { at: this.#now + Math.max(0, ms), order: this.#order++, callback };
    this.#push(due);
    return () => void (due.callback = null);
  }

  /** Lets everybody get on until time `end`, or until `done`. Between two events all code runs that can. */
  async run(end: number, done: () => boolean = () => false): Promise<void> {
    await turn();
    while (!done()) {
      const next = this.#heap[0];
      if (!next || next.at > end) break;
      this.#pop();
      if (!next.callback) continue;
      this.#now = next.at;
      this.#trail = Math.imul(this.#trail, 31) + next.at * 7 + next.order | 0;
      next.callback();
      await turn();
    }
    if (!done()) this.#now = Math.max(this.#now, end);
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(due, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Nobody has anything left to do: all code here waits for promises alone, and one turn of the event loop runs them all. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** The clock of one process: it stops for good when the process is killed. */
export class ProcessClock implements Clock {
  readonly #time: VirtualTime;
  #isStopped = false;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  now(): number {
    return this.#time.now;
  }

  setTimer(callback: () => void, ms: number): Timer {
    const clear = this.#time.in(ms, () => {
      if (!this.#isStopped) callback();
    });
    return { clear, [Symbol.dispose]: clear };
  }

  sleep(ms: number, options?: { signal?: AbortSignal }): Promise<void> {
    return sleepWith((callback, delay) => this.setTimer(callback, delay), ms, options?.signal);
  }

  /** No timer fires any more. */
  stop(): void {
    this.#isStopped = true;
  }
}
