import { isPromise, type MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { PlannedNode, RepeatNode } from "../../graph/mod.ts";
import { AGAIN, drive } from "../drive.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { leaveOut } from "../leave_out.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import { nothing } from "./nothing.ts";

/** Builds `repeat`. */
export function repeat(node: RepeatNode, place: Place): ElementIterator<Element> {
  if (node.count === 0) return nothing;
  return new Repeat(place, node.count < 0 ? Infinity : node.count);
}

class Repeat implements ElementIterator<Element> {
  readonly #place: Place;
  /** Passes that are still to come after the present one. */
  #left: number;
  #input: ElementIterator<Element>;
  #gaveSome = false;
  /** What {@linkcode Run.resumed} was before the present pass. */
  #resumed: number;
  #over = false;

  constructor(place: Place, count: number) {
    this.#place = place;
    this.#left = count - 1;
    this.#resumed = place.run.resumed;
    this.#input = place.input();
  }

  next(): MaybePromise<Pulled<Element>> {
    const element = this.#input.next();
    if (isPending(element) || element === DONE) return drive(this.#step(element), this.#step);
    this.#gaveSome = true;
    return element;
  }

  async skip(count: number): Promise<number> {
    for (let left = 0;;) {
      const skipped = await leaveOut(this.#input, count - left);
      left += skipped;
      this.#gaveSome ||= skipped > 0;
      if (left === count || await this.#pass(DONE) === DONE) return left;
    }
  }

  close(): MaybePromise<void> {
    this.#over = true;
    return this.#input.close();
  }

  readonly #step = (
    element: MaybePromise<Pulled<Element>> = this.#input.next(),
  ): MaybePromise<Pulled<Element> | typeof AGAIN> =>
    isPending(element) ? element.then(this.#pass) : this.#pass(element);

  readonly #pass = (element: Pulled<Element>): MaybePromise<Pulled<Element> | typeof AGAIN> => {
    if (element !== DONE) {
      this.#gaveSome = true;
      return element;
    }
    if (this.#over) return DONE;
    const closing = this.#input.close();
    return isPromise(closing) ? closing.then(this.#beginPass) : this.#beginPass();
  };

  readonly #beginPass = (): typeof DONE | typeof AGAIN => {
    if (this.#over || this.#left === 0 || (!this.#gaveSome && this.#isPointless())) {
      this.#over = true;
      return DONE;
    }
    this.#left--;
    this.#gaveSome = false;
    this.#resumed = this.#place.run.resumed;
    this.#input = this.#place.input();
    return AGAIN;
  };

  /**
   * Whether an endless repeat whose pass was empty ends, so as not to spin for ever. Where the input is split it
   * may go on: the others may have taken all of this pass, and there is another share in the next one. So may one
   * that goes on from a checkpoint, before which all of the pass was given.
   */
  #isPointless(): boolean {
    if (this.#left !== Infinity || this.#place.run.resumed > this.#resumed) return false;
    const { splits } = this.#place.pipeline;
    return splits === undefined || sourcesBelow(this.#place.planned).every((index) => splits.isEmpty(index));
  }
}

function sourcesBelow(root: PlannedNode): number[] {
  const sources: number[] = [];
  const waiting = [root];
  for (let planned = waiting.pop(); planned; planned = waiting.pop()) {
    if (planned.sourceIndex !== null) sources.push(planned.sourceIndex);
    waiting.push(...planned.inputs);
  }
  return sources;
}
