/** How far ahead of the program a reader reads. */

/** Blocks of one task that wait or are asked for, unless the user says otherwise. */
export const DEFAULT_WINDOW_BLOCKS = 16;

/** Bytes that may wait, over all tasks. */
export const DEFAULT_BUFFER_BYTES = 32 * 1024 * 1024;

// Of one task so many bytes, unless the user says otherwise. It is enough for the way to the worker and back; and both
// engines mark their heaps the more often, the more buffers are in use whenever they look (see `BufferChurn`).
const TASK_BYTES = 8 * 1024 * 1024;

// One block is made or on its way while the program has the other.
const LEAST_BLOCKS = 2;

// Before the first block has come, nobody knows whether blocks are 64 KiB or 19 MB.
const FIRST_WINDOW_BLOCKS = 4;

// The weight of the newest block in the running mean: sizes drift within a dataset, but one odd block is no drift.
const NEWEST_WEIGHT = 0.25;

/** The bounds of a reader's buffer. */
export interface WindowOptions {
  /** Blocks over all tasks that wait or are asked for; null: {@linkcode DEFAULT_WINDOW_BLOCKS} for each task. */
  readonly maxBlocks: number | null;
  /** Bytes over all tasks that may wait. */
  readonly maxBytes: number;
}

/** Divides a reader's room over its tasks. */
export class Window {
  readonly #options: WindowOptions;
  #meanBytes = 0;

  /** Starts without an idea of the blocks' size. */
  constructor(options: WindowOptions) {
    this.#options = options;
  }

  /** Learns the size of a block. */
  observe(bytes: number): void {
    this.#meanBytes += this.#meanBytes === 0 ? bytes : (bytes - this.#meanBytes) * NEWEST_WEIGHT;
  }

  /** Blocks that each of `tasks` tasks may have waiting or asked for: at least 1, so that none is left out. */
  blocksOf(tasks: number): number {
    const { maxBlocks, maxBytes } = this.#options;
    const share = maxBlocks === null ? DEFAULT_WINDOW_BLOCKS : Math.floor(maxBlocks / tasks);
    if (this.#meanBytes === 0) return Math.max(1, Math.min(share, FIRST_WINDOW_BLOCKS));
    const byBytes = Math.ceil(maxBytes / tasks / this.#meanBytes);
    const useful = maxBlocks === null
      ? Math.max(LEAST_BLOCKS, Math.ceil(TASK_BYTES / this.#meanBytes))
      : Infinity;
    return Math.max(1, Math.min(share, byBytes, useful));
  }

  /** Whether one more block may come in while `bytes` wait. */
  hasRoom(bytes: number): boolean {
    return bytes < this.#options.maxBytes;
  }
}
