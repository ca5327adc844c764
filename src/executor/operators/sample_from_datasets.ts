import { isPromise, type MaybePromise, type Random, SeededRandom } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { SampleFromDatasetsNode } from "../../graph/mod.ts";
import { closeAll } from "../close_all.ts";
import { AGAIN, drive } from "../drive.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import { hold, type Holding } from "../tracking.ts";

/** Builds `sampleFromDatasets`. */
export function sampleFromDatasets(node: SampleFromDatasetsNode, place: Place): ElementIterator<Element> {
  const { seed, weights } = node;
  const random = new SeededRandom(seed ?? place.seed);
  const holdings = place.planned.inputs.map(() => hold(place.tracking));
  const inputs = holdings.map((holding, i) => place.input(i, { tracking: holding && holding.below }));
  return new Sampler(inputs, holdings, inputs.map((_, index) => weights ? weights[index] : 1), random);
}

class Sampler implements ElementIterator<Element> {
  readonly #inputs: readonly ElementIterator<Element>[];
  /** One for each input: what one holds back must not go with an element of another. */
  readonly #holdings: readonly (Holding | null)[];
  readonly #random: Random;
  /** 0 for an input that has ended. */
  readonly #weights: number[];
  #drawn = -1;

  constructor(
    inputs: readonly ElementIterator<Element>[],
    holdings: readonly (Holding | null)[],
    weights: number[],
    random: Random,
  ) {
    this.#inputs = inputs;
    this.#holdings = holdings;
    this.#weights = weights;
    this.#random = random;
  }

  next(): MaybePromise<Pulled<Element>> {
    return drive(this.#step(), this.#step);
  }

  close(): MaybePromise<void> {
    this.#weights.fill(0);
    return closeAll(this.#inputs);
  }

  readonly #step = (): MaybePromise<Pulled<Element> | typeof AGAIN> => {
    this.#drawn = this.#draw();
    if (this.#drawn < 0) return DONE;
    const element = this.#inputs[this.#drawn].next();
    return isPending(element) ? element.then(this.#pass) : this.#pass(element);
  };

  readonly #pass = (element: Pulled<Element>): MaybePromise<Element | typeof AGAIN> => {
    this.#holdings[this.#drawn]?.pass();
    if (element !== DONE) return element;
    this.#weights[this.#drawn] = 0;
    const closing = this.#inputs[this.#drawn].close();
    return isPromise(closing) ? closing.then(() => AGAIN) : AGAIN;
  };

  /** An input, by the weights of those that go on; -1 if none does. */
  #draw(): number {
    let total = 0;
    for (const weight of this.#weights) total += weight;
    if (total <= 0) return -1;
    let point = this.#random.float() * total;
    let last = -1;
    for (let i = 0; i < this.#weights.length; i++) {
      if (this.#weights[i] <= 0) continue;
      last = i;
      point -= this.#weights[i];
      if (point < 0) break;
    }
    return last; // Rounding may leave a crumb of the point behind the last weight.
  }
}
