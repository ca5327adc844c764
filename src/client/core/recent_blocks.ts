import type { RangeSet } from "../../base/mod.ts";
import { type BlockProvenance, ConsumedSet } from "../../element/mod.ts";

/** Elements of a block that the reader gave out. */
export interface RecentBlock {
  /** The first of them, numbered from the beginning of the pass. */
  readonly first: number;
  /** How many they are. */
  readonly count: number;
  /** What the block's elements consumed. */
  readonly provenance: BlockProvenance;
  /** Elements of `provenance` before the first of them. */
  readonly skip: number;
}

// With fewer blocks it is not worth the look whether some can go.
const FEW = 16;

/**
 * What the elements consumed that a reader gave out and that its program may not have yet: operators behind the
 * reader (a shuffle, a prefetch) may hold them. Blocks of which the program has everything are forgotten now and then.
 */
export class RecentBlocks {
  #blocks: RecentBlock[] = [];
  /** As many blocks as make it worth while to look whether some can go. */
  #limit = FEW;

  /** Elements of a block were given out, behind those before. */
  add(block: RecentBlock): void {
    if (block.count > 0) this.#blocks.push(block);
  }

  /** Whether {@link forget} should be called. */
  get areMany(): boolean {
    return this.#blocks.length >= this.#limit;
  }

  /** The program has the elements that are numbered in `settled`. */
  forget(settled: RangeSet): void {
    this.#blocks = this.#blocks.filter(({ first, count }) => !isWithin(settled, first, first + count));
    // Where most must stay, the next look is as far away as there are blocks.
    this.#limit = Math.max(FEW, 2 * this.#blocks.length);
  }

  /** What the elements consumed that are not numbered in `settled`; `inHand` is the block that is being given out. */
  held(settled: RangeSet, inHand: RecentBlock | null): ConsumedSet {
    const held = new ConsumedSet();
    for (const { first, count, provenance, skip } of inHand ? [...this.#blocks, inHand] : this.#blocks) {
      for (const { start, end } of settled.gaps(first, first + count)) {
        provenance.addTo(held, skip + start - first, skip + end - first);
      }
    }
    return held;
  }
}

function isWithin(settled: RangeSet, start: number, end: number): boolean {
  return settled.gaps(start, end).next().done === true;
}
