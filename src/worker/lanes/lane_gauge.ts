// Half of what a lane takes to start: long enough to know, short against anything that is worth a lane.
const WINDOW_MS = 50;

// What the thread that sends blocks to readers pays for a block of a lane: messages, and a copy that misses the caches.
const MS_A_BLOCK = 0.1;
const MS_A_BYTE = 5e-7;

// Less would not pay for the memory of a lane, and figures of one short window are rough.
const WORTH_TIMES = 8;

/**
 * Decides when another lane pays: when for about 50 ms of work the thread was busy with the pipeline, readers
 * waited, and to make the blocks took far longer than to take them from a lane would have.
 */
export class LaneGauge {
  #startedAt: number | null = null;
  #busyMs = 0;
  #bytes = 0;
  #blocks = 0;
  #hungryBlocks = 0;

  /** The pipeline kept the thread busy until `now` for `ms`; times in milliseconds. */
  worked(now: number, ms: number): void {
    this.#startedAt ??= now - ms;
    this.#busyMs += ms;
  }

  /** A block was made; `hungry`: a reader waited for it. Gives whether to add a lane. */
  block(now: number, { bytes, hungry }: { bytes: number; hungry: boolean }): boolean {
    this.#startedAt ??= now;
    this.#blocks++;
    this.#bytes += bytes;
    if (hungry) this.#hungryBlocks++;
    if (this.#busyMs < WINDOW_MS && now - this.#startedAt < 4 * WINDOW_MS) return false;
    const pays = this.#busyMs >= WINDOW_MS &&
      this.#busyMs >= 0.6 * (now - this.#startedAt) &&
      2 * this.#hungryBlocks >= this.#blocks &&
      this.#busyMs >= WORTH_TIMES * (MS_A_BLOCK * this.#blocks + MS_A_BYTE * this.#bytes);
    this.reset();
    return pays;
  }

  /** Begins to measure anew. */
  reset(): void {
    this.#startedAt = null;
    this.#busyMs =
      this.#bytes =
      this.#blocks =
      this.#hungryBlocks =
        0;
  }
}
