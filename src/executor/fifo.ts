/** A first-in first-out queue without bounds of its own: its owner keeps it short. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  /** How many items wait. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Adds an item behind the others. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** The first item, which stays; undefined if there is none. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  /** Takes the first item; the queue must not be empty. */
  shift(): T {
    const item = this.#items[this.#head] as T;
    this.#items[this.#head++] = undefined; // What was given away must not be kept alive.
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Drops all items. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  /** The items, first to last. */
  *[Symbol.iterator](): Iterator<T> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i] as T;
  }
}
