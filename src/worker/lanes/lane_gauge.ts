// Half of what a lane takes to start: long enough to know, short against anything that is worth a lane.
const WINDOW_MS = 50;

// A new reader has room for sixteen blocks, and takes them whether or not it keeps up: for scalars, of which a reader
// takes longer than the pipeline, a lane was started that kept the reader from its core. Blocks of heavy work are few.
const UNTOLD_BLOCKS = 32;
const UNTOLD_MS = 75;

// What the thread that sends blocks to readers pays for a block of a lane: messages, and a copy that misses the caches.
const MS_A_BLOCK = 0.1;
const MS_A_BYTE = 5e-7;

// Less would not pay for the memory of a lane, and figures of one short window are rough.
const WORTH_TIMES = 8;

/**
 * Decides when another lane pays: when, after the first blocks, for about 50 ms of work the thread was busy with the
 * pipeline, readers waited, and to make the blocks took far longer than to take them from a lane would have.
 */
export class LaneGauge {
  /** When the first work began; null: all that is not counted has been. */
  #untoldSince: number | null | undefined;
  #untoldBlocks = 0;
  #startedAt: number | null = null;
  #busyMs = 0;
  #bytes = 0;
  #blocks = 0;
  #hungryBlocks = 0;

  /** The pipeline kept the thread busy until `now` for `ms`; times in milliseconds. */
  worked(now: number, ms: number): void {
    if (this.#untoldSince === undefined) this.#untoldSince = now - ms;
    this.#startedAt ??= now - ms;
    this.#busyMs += ms;
  }

  /** A block was made; `hungry`: a reader waited for it. Gives whether to add a lane. */
  block(now: number, { bytes, hungry }: { bytes: number; hungry: boolean }): boolean {
    if (this.#isUntold(now)) return false;
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

  /** Whether a block is one of the first, which are not counted. */
  #isUntold(now: number): boolean {
    if (this.#untoldSince === null) return false;
    this.#untoldSince ??= now;
    if (++this.#untoldBlocks >= UNTOLD_BLOCKS || now - this.#untoldSince >= UNTOLD_MS) {
      this.#untoldSince = null;
    }
    this.reset();
    return true;
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
