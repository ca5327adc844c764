import type { MaybePromise } from "../../base/mod.ts";
import { type Element, unstack } from "../../element/mod.ts";
import type { UnbatchNode } from "../../graph/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import { expanded } from "./flat_map.ts";

/** Builds `unbatch`. */
export function unbatch(_node: UnbatchNode, place: Place): ElementIterator<Element> {
  return place.tracking ? expanded(place, (input) => new Batches(input)) : new Unbatch(place.input());
}

/** An iterator over the parts of each batch, where it must be known which batch they are of. */
class Batches implements ElementIterator<ElementIterator<Element>> {
  readonly #input: ElementIterator<Element>;

  constructor(input: ElementIterator<Element>) {
    this.#input = input;
  }

  next(): MaybePromise<Pulled<ElementIterator<Element>>> {
    const batch = this.#input.next();
    return isPending(batch) ? batch.then(parts) : parts(batch);
  }

  close(): MaybePromise<void> {
    return this.#input.close();
  }
}

function parts(batch: Pulled<Element>): Pulled<ElementIterator<Element>> {
  if (batch === DONE) return DONE;
  let given = false;
  return new Unbatch({
    next: () => {
      if (given) return DONE;
      given = true;
      return batch;
    },
    close: () => {},
  });
}

/** The parts of each batch. */
export class Unbatch implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  #parts: readonly Element[] = [];
  #index = 0;

  constructor(input: ElementIterator<Element>) {
    this.#input = input;
  }

  next(): MaybePromise<Pulled<Element>> {
    while (this.#index >= this.#parts.length) {
      const batch = this.#input.next();
      if (isPending(batch)) return this.#later(batch);
      if (batch === DONE) return DONE;
      this.#take(batch);
    }
    return this.#parts[this.#index++];
  }

  close(): MaybePromise<void> {
    this.#parts = [];
    return this.#input.close();
  }

  async #later(pulled: MaybePromise<Pulled<Element>>): Promise<Pulled<Element>> {
    for (;; pulled = this.#input.next()) {
      const batch = isPending(pulled) ? await pulled : pulled;
      if (batch === DONE) return DONE;
      this.#take(batch);
      if (this.#parts.length > 0) return this.#parts[this.#index++];
    }
  }

  #take(batch: Element): void {
    this.#parts = []; // A batch that cannot be taken apart must not leave the one before to be given again.
    this.#index = 0;
    this.#parts = unstack(batch);
  }
}
