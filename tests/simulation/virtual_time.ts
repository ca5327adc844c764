import { setImmediate } from "node:timers";
import { type Clock, sleepWith, type Timer } from "../../src/base/clock.ts";

interface Due {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

// So many turns of the event loop in a row must pass without anything happening: code between two events of the
// simulation may wait for a turn or two of its own.
const QUIET_TURNS = 3;

/** Time that moves only when nobody has anything left to do. Timers that are due together fire in the order of their making. */
export class VirtualTime {
  #now = 1_000_000;
  #order = 0;
  /** A binary heap, the next one first. */
  readonly #heap: Due[] = [];
  #activity = 0;
  #held = 0;

  /** Milliseconds since the epoch. */
  get now(): number {
    return this.#now;
  }

  /** Something happened: whoever waits for quiet waits on. */
  touch(): void {
    this.#activity++;
  }

  /** Waits for what takes real time, such as a digest on another thread, without letting virtual time pass. */
  async hold<T>(real: Promise<T>): Promise<T> {
    this.#held++;
    try {
      return await real;
    } finally {
      this.#held--;
      this.touch();
    }
  }

  /** Calls `callback` in `ms` milliseconds. Nobody can take it back: it is for the callback to see that it is not wanted. */
  in(ms: number, callback: () => void): void {
    this.touch();
    this.#push({ at: this.#now + Math.max(0, ms), order: this.#order++, callback });
  }

  /** Lets everybody get on until time `end`, or until `done`. Between two events all code runs that can. */
  async run(end: number, done: () => boolean = () => false): Promise<void> {
    await this.#quiet();
    while (!done()) {
      const next = this.#heap[0];
      if (!next || next.at > end) break;
      this.#pop();
      this.#now = next.at;
      next.callback();
      await this.#quiet();
    }
    if (!done()) this.#now = Math.max(this.#now, end);
  }

  async #quiet(): Promise<void> {
    for (let turns = 0, before = this.#activity; turns < QUIET_TURNS; turns++) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      if (this.#activity === before && this.#held === 0) continue;
      before = this.#activity;
      turns = 0;
    }
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
    let isCleared = false;
    this.#time.in(ms, () => {
      if (!isCleared && !this.#isStopped) callback();
    });
    const clear = () => void (isCleared = true);
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
