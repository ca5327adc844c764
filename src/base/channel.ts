/** A bounded queue between one or more producers and one or more consumers. */

interface Waiter<T> {
  resolve(value: T): void;
  reject(reason: unknown): void;
}

interface Pusher<T> extends Waiter<void> {
  readonly item: T;
}

/** What a {@linkcode Channel} may hold. */
export interface ChannelOptions<T> {
  /** Most items waiting. */
  maxItems: number;
  /** Most bytes waiting; one item more may be let in when the queue is empty. @default unlimited */
  maxBytes?: number;
  /** Size of one item in bytes; needed with `maxBytes`. */
  bytesOf?: (item: T) => number;
}

/** The sign that a channel is closed and empty. */
export const CLOSED: unique symbol = Symbol("closed");

/**
 * A bounded first-in first-out queue. `push` waits while the queue is full, `shift` while it is empty; `close`
 * lets the waiting items out first, `fail` rejects everybody at once.
 */
export class Channel<T> {
  #items: T[] = [];
  #head = 0;
  #bytes = 0;
  #pushers: Pusher<T>[] = [];
  #shifters: Waiter<T | typeof CLOSED>[] = [];
  #state: { kind: "open" } | { kind: "closed" } | { kind: "failed"; reason: unknown } = { kind: "open" };
  readonly #options: ChannelOptions<T>;

  /** Makes an empty channel with its bounds. */
  constructor(options: ChannelOptions<T>) {
    this.#options = options;
  }

  /** How many items wait. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** How many bytes wait, by `bytesOf`. */
  get bytes(): number {
    return this.#bytes;
  }

  #full(): boolean {
    const { maxItems, maxBytes = Infinity } = this.#options;
    return this.length >= maxItems || (this.length > 0 && this.#bytes >= maxBytes);
  }

  /** Adds an item; waits while the queue is full. Rejects if the channel has failed; drops the item if it is closed. */
  push(item: T): Promise<void> {
    if (this.#state.kind === "failed") return Promise.reject(this.#state.reason);
    if (this.#state.kind === "closed") return Promise.resolve();
    const shifter = this.#shifters.shift();
    if (shifter) {
      shifter.resolve(item);
      return Promise.resolve();
    }
    // Whoever waits already goes first, or a late push would overtake the items of earlier ones.
    if (this.#pushers.length > 0 || this.#full()) {
      return new Promise((resolve, reject) => this.#pushers.push({ item, resolve, reject }));
    }
    this.#add(item);
    return Promise.resolve();
  }

  #add(item: T): void {
    this.#items.push(item);
    this.#bytes += this.#options.bytesOf?.(item) ?? 0;
  }

  /** The next item at once, a promise of it while the queue is empty, or {@linkcode CLOSED} after the last. */
  shift(): T | typeof CLOSED | Promise<T | typeof CLOSED> {
    if (this.#state.kind === "failed") return Promise.reject(this.#state.reason);
    if (this.length > 0) return this.#take();
    if (this.#state.kind === "closed") return CLOSED;
    return new Promise((resolve, reject) => this.#shifters.push({ resolve, reject }));
  }

  #take(): T {
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined as T; // The queue must not keep alive what it has given away.
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    this.#bytes -= this.#options.bytesOf?.(item) ?? 0;
    while (this.#pushers.length > 0 && !this.#full()) {
      const pusher = this.#pushers.shift()!;
      this.#add(pusher.item);
      pusher.resolve();
    }
    return item;
  }

  /** Ends the channel after the items that wait in it. */
  close(): void {
    if (this.#state.kind !== "open") return;
    this.#state = { kind: "closed" };
    for (const pusher of this.#pushers.splice(0)) pusher.resolve();
    for (const shifter of this.#shifters.splice(0)) shifter.resolve(CLOSED);
  }

  /** Ends the channel at once: what waits is dropped, everybody who waits or comes later gets `reason`. */
  fail(reason: unknown): void {
    if (this.#state.kind === "failed") return;
    this.#state = { kind: "failed", reason };
    this.#items = [];
    this.#head = 0;
    this.#bytes = 0;
    for (const pusher of this.#pushers.splice(0)) pusher.reject(reason);
    for (const shifter of this.#shifters.splice(0)) shifter.reject(reason);
  }
}
