/**
 * Chunks in, byte runs of a wanted length out. A run that lies in one chunk is a view over it; only a run
 * across chunks is copied. Nothing is allocated for bytes that have not come.
 */
export class ByteQueue {
  #head: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #at = 0;
  #rest: Uint8Array<ArrayBuffer>[] = [];
  /** First of `#rest` that waits: `shift` on a long array moves all of it each time. */
  #next = 0;
  #length = 0;

  /** How many bytes wait. */
  get length(): number {
    return this.#length;
  }

  /** Adds bytes behind the others. */
  push(chunk: Uint8Array<ArrayBuffer>): void {
    if (chunk.length === 0) return;
    if (this.#length === 0) {
      this.#head = chunk;
      this.#at = 0;
    } else {
      this.#rest.push(chunk);
    }
    this.#length += chunk.length;
  }

  /** The next `count` bytes, or null while fewer wait. */
  take(count: number): Uint8Array<ArrayBuffer> | null {
    if (count > this.#length) return null;
    const end = this.#at + count;
    if (end > this.#head.length) return this.#join(count);
    const view = this.#head.subarray(this.#at, end);
    this.#at = end;
    this.#length -= count;
    if (end === this.#head.length) this.#advance();
    return view;
  }

  #advance(): void {
    this.#at = 0;
    if (this.#next < this.#rest.length) {
      this.#head = this.#rest[this.#next++];
      return;
    }
    this.#head = new Uint8Array(0);
    this.#rest = [];
    this.#next = 0;
  }

  #join(count: number): Uint8Array<ArrayBuffer> {
    const joined = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      const piece = this.#head.subarray(this.#at, this.#at + count - filled);
      joined.set(piece, filled);
      filled += piece.length;
      this.#at += piece.length;
      if (this.#at === this.#head.length) this.#advance();
    }
    this.#length -= count;
    return joined;
  }
}
