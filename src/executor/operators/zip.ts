import type { MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { ZipNode } from "../../graph/mod.ts";
import { closeAll } from "../close_all.ts";
import { Failure, unwrap } from "../failure.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { leaveOut } from "../leave_out.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";

/** Builds `zip`. */
export function zip(_node: ZipNode, place: Place): ElementIterator<Element> {
  return new Zip(place.inputs());
}

/**
 * Pulls the inputs in turn. When one fails the others are pulled all the same, and the row is given up: rows
 * after an error would mix elements of different places otherwise.
 */
class Zip implements ElementIterator<Element> {
  readonly #inputs: readonly ElementIterator<Element>[];
  #over = false;

  constructor(inputs: readonly ElementIterator<Element>[]) {
    this.#inputs = inputs;
  }

  next(): MaybePromise<Pulled<Element>> {
    if (this.#over) return DONE;
    const row: Element[] = [];
    let failure: Failure | null = null;
    for (let i = 0; i < this.#inputs.length; i++) {
      const item = pull(this.#inputs[i]);
      if (isPending(item)) return this.#later(row, failure, i, item);
      if (item === DONE) return this.#end();
      if (item instanceof Failure) failure ??= item;
      else row.push(item);
    }
    return unwrap(failure ?? row);
  }

  async skip(count: number): Promise<number> {
    const skipped = await Promise.all(this.#inputs.map((input) => leaveOut(input, count)));
    return Math.min(count, ...skipped);
  }

  close(): MaybePromise<void> {
    this.#over = true;
    return closeAll(this.#inputs);
  }

  async #later(
    row: Element[],
    failure: Failure | null,
    i: number,
    first: Promise<Pulled<Element> | Failure>,
  ): Promise<Pulled<Element>> {
    for (let pulled: MaybePromise<Pulled<Element> | Failure> = first;; pulled = pull(this.#inputs[i])) {
      const item = isPending(pulled) ? await pulled : pulled;
      if (item === DONE) return this.#end();
      if (item instanceof Failure) failure ??= item;
      else row.push(item);
      if (++i === this.#inputs.length) return unwrap(failure ?? row);
    }
  }

  #end(): typeof DONE {
    this.#over = true;
    return DONE;
  }
}

function pull(input: ElementIterator<Element>): MaybePromise<Pulled<Element> | Failure> {
  try {
    const item = input.next();
    return isPending(item) ? item.catch((error) => new Failure(error)) : item;
  } catch (error) {
    return new Failure(error);
  }
}
