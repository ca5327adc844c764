/** The window of a cross-trainer cache: which blocks are kept, and how far each trainer is. */

/** A block in the window. */
interface Kept<B> {
  readonly block: B;
  readonly bytes: number;
}

// The front is cut off when it makes up half of the array: a shift for each block would move all others.
const MIN_CUT = 64;

/**
 * The latest blocks of a sequence, as many as fit into `maxBytes`, and the position of each trainer in the sequence.
 * The sequence has one end: whoever asks for what lies behind it has it extended for all; what no longer fits is
 * forgotten at the front, and trainers that had not come so far skip it. Positions move by blocks.
 */
export class SlidingWindow<B> {
  readonly #maxBytes: number;
  #kept: (Kept<B> | null)[] = [];
  /** Place in `#kept` of the first block that is not forgotten. */
  #first = 0;
  /** Number in the sequence of that block. */
  #start = 0;
  #bytes = 0;
  #positions = new Map<string, number>();

  /** Makes an empty window at the beginning of the sequence. */
  constructor({ maxBytes }: { maxBytes: number }) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of the blocks that it keeps. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of the first block that it keeps; of the next one if it keeps none. */
  get start(): number {
    return this.#start;
  }

  /** Number of the next block of the sequence. */
  get end(): number {
    return this.#start + this.#kept.length - this.#first;
  }

  /** Whether a trainer has had everything that was made so far. */
  isAtEnd(trainer: string): boolean {
    return this.#position(trainer) === this.end;
  }

  /** The next block for a trainer, which moves on by it; undefined if there is none: a miss. */
  next(trainer: string): B | undefined {
    const position = this.#position(trainer);
    if (position === this.end) return undefined;
    this.#positions.set(trainer, position + 1);
    return this.#kept[this.#first + position - this.#start]!.block;
  }

  /**
   * Extends the sequence. A block that is larger than the window by itself stays alone in it: it passes the limit
   * by no more than that block.
   */
  push(block: B, bytes: number): void {
    while (this.#bytes + bytes > this.#maxBytes && this.#first < this.#kept.length) this.#forgetFirst();
    this.#kept.push({ block, bytes });
    this.#bytes += bytes;
  }

  #forgetFirst(): void {
    this.#bytes -= this.#kept[this.#first]!.bytes;
    this.#kept[this.#first++] = null;
    this.#start++;
    if (this.#first < MIN_CUT || this.#first * 2 < this.#kept.length) return;
    this.#kept.splice(0, this.#first);
    this.#first = 0;
  }

  #position(trainer: string): number {
    return Math.max(this.#positions.get(trainer) ?? 0, this.#start);
  }
}
