import { type MaybePromise, mixSeeds, type Random, SeededRandom } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { ShuffleNode } from "../../graph/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import { type Held, hold, type Holding } from "../tracking.ts";

/** Seeds of unseeded shuffles that never change their order, however often the dataset is read in this process. */
const LASTING_SEEDS = new WeakMap<ShuffleNode, number>();

/** Builds `shuffle`. */
export function shuffle(node: ShuffleNode, place: Place): ElementIterator<Element> {
  const random = new SeededRandom(seedOf(node, place));
  const holding = hold(place.tracking);
  const input = place.input(0, { tracking: holding && holding.below });
  return new Shuffle(input, node.bufferSize, { random, holding });
}

function seedOf(node: ShuffleNode, place: Place): number {
  const { context, pass } = place;
  // A shuffle that keeps its order gives the one of the first pass, so that switching reshuffling off changes nothing there.
  if (node.seed !== null) {
    return node.reshuffleEachIteration ? mixSeeds(node.seed, context.epoch, pass) : mixSeeds(node.seed, 0, 0);
  }
  if (node.reshuffleEachIteration) return place.seed;
  if (place.lastingSeed !== null) return place.lastingSeed;
  const lasting = LASTING_SEEDS.get(node) ?? place.seed;
  LASTING_SEEDS.set(node, lasting);
  return lasting;
}

/** Draws from a buffer that is kept full. The last element fills the gap: the order inside does not matter. */
class Shuffle implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #size: number;
  readonly #random: Random;
  readonly #holding: Holding | null;
  #buffer: Element[] = [];
  /** What the elements of the buffer consumed, where somebody asks. */
  #entries: Held[] = [];
  #ended = false;

  constructor(
    input: ElementIterator<Element>,
    size: number,
    { random, holding }: { random: Random; holding: Holding | null },
  ) {
    this.#input = input;
    this.#size = size;
    this.#random = random;
    this.#holding = holding;
  }

  next(): MaybePromise<Pulled<Element>> {
    while (!this.#ended && this.#buffer.length < this.#size) {
      const element = this.#input.next();
      if (isPending(element)) return this.#later(element);
      this.#put(element);
    }
    return this.#draw();
  }

  close(): MaybePromise<void> {
    this.#ended = true;
    this.#buffer = [];
    this.#entries = [];
    return this.#input.close();
  }

  async #later(pulled: MaybePromise<Pulled<Element>>): Promise<Pulled<Element>> {
    for (;; pulled = this.#input.next()) {
      this.#put(isPending(pulled) ? await pulled : pulled);
      if (this.#ended || this.#buffer.length >= this.#size) return this.#draw();
    }
  }

  #put(element: Pulled<Element>): void {
    if (element === DONE) this.#ended = true;
    else if (!this.#ended) {
      this.#buffer.push(element);
      if (this.#holding !== null) this.#entries.push(this.#holding.take());
    }
  }

  #draw(): Pulled<Element> {
    const { length } = this.#buffer;
    if (length === 0) {
      this.#holding?.pass();
      return DONE;
    }
    const index = this.#random.below(length);
    if (this.#holding !== null) this.#give(this.#holding, index);
    const drawn = this.#buffer[index];
    const last = this.#buffer.pop()!;
    if (index < length - 1) this.#buffer[index] = last;
    return drawn;
  }

  #give(holding: Holding, index: number): void {
    const drawn = this.#entries[index];
    const last = this.#entries.pop()!;
    if (index < this.#entries.length) this.#entries[index] = last;
    holding.give(drawn);
  }
}
