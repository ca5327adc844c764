import { joinBytes } from "../base/mod.ts";

/** Finds the ends of records in a run of bytes. */
export interface BoundaryScanner {
  /**
   * How many bytes of `window` belong to complete records, 0 if none ends in it. After 0 the next window goes
   * on where this one stopped; after anything else it begins with a record.
   */
  scan(window: Uint8Array): number;
}

/** A record ends with each line feed. */
export const lineScanner: BoundaryScanner = { scan: (window) => window.lastIndexOf(10) + 1 };

/** The bounds of a {@linkcode BlockCutter}. */
export interface BlockCutterOptions {
  /** Longest record in bytes, its line end included. */
  maxRecordBytes: number;
  /** About how many bytes of short records make a block. @default 16_384 */
  blockBytes?: number;
}

/** What {@linkcode BlockCutter.next} gives for a record that is longer than allowed. */
export const TOO_LONG: unique symbol = Symbol("too long");

/**
 * Cuts chunks into blocks of whole records: work that is dear for each call, such as decoding UTF-8, is done
 * for a block at once. Blocks stay small, because strings cut out of a block keep all of it in memory.
 */
export class BlockCutter {
  readonly #scanner: BoundaryScanner;
  readonly #maxRecordBytes: number;
  readonly #blockBytes: number;
  #chunk: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #at = 0;
  #carry: Uint8Array<ArrayBuffer>[] = [];
  #carried = 0;
  #ended = false;

  /** Makes an empty cutter. */
  constructor(scanner: BoundaryScanner, { maxRecordBytes, blockBytes = 16_384 }: BlockCutterOptions) {
    this.#scanner = scanner;
    this.#maxRecordBytes = maxRecordBytes;
    this.#blockBytes = blockBytes;
  }

  /** Takes the next chunk; the one before must be used up. */
  push(chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** Lets the bytes behind the last boundary count as a record. */
  end(): void {
    this.#ended = true;
  }

  /** Whether the end was reached and every byte was given out. */
  get done(): boolean {
    return this.#ended && this.#at === this.#chunk.length && this.#carried === 0;
  }

  /**
   * The next block, undefined where more bytes are needed, {@linkcode TOO_LONG} where no more blocks can
   * come.
   */
  next(): Uint8Array<ArrayBuffer> | typeof TOO_LONG | undefined {
    while (this.#at < this.#chunk.length) {
      if (this.#carried > this.#maxRecordBytes) return TOO_LONG;
      // One byte over the limit is let in: it shows that the record is too long, or is the boundary of one
      // that is not.
      const room = this.#maxRecordBytes + 1 - this.#carried;
      const window = this.#chunk.subarray(this.#at, this.#at + Math.min(this.#blockBytes, room));
      const end = this.#scanner.scan(window);
      if (end > 0) {
        this.#at += end;
        return this.#flush(window.subarray(0, end));
      }
      this.#carry.push(window);
      this.#carried += window.length;
      this.#at += window.length;
    }
    if (this.#carried > this.#maxRecordBytes) return TOO_LONG;
    return this.#ended && this.#carried > 0 ? this.#flush(new Uint8Array(0)) : undefined;
  }

  #flush(last: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (this.#carried === 0) return last;
    const block = joinBytes([...this.#carry, last], this.#carried + last.length);
    this.#carry = [];
    this.#carried = 0;
    return block;
  }
}
