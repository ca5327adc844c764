import type { MaybePromise } from "../../base/mod.ts";
import { type Element, padAndStack, stack } from "../../element/mod.ts";
import type { BatchNode, PaddedBatchNode } from "../../graph/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";

/** Builds `batch`. */
export function batch(node: BatchNode, place: Place): ElementIterator<Element> {
  return new Batch(place.input(), node, stack);
}

/** Builds `paddedBatch`. */
export function paddedBatch(node: PaddedBatchNode, place: Place): ElementIterator<Element> {
  const { paddedShapes, paddingValues } = node;
  return new Batch(place.input(), node, (elements) => padAndStack(elements, paddedShapes, paddingValues));
}

/** Gathers elements and joins them. What was gathered before an error of the input stays for the next pull. */
export class Batch implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #size: number;
  readonly #dropRemainder: boolean;
  readonly #join: (elements: readonly Element[]) => Element;
  #gathered: Element[] = [];

  constructor(
    input: ElementIterator<Element>,
    { size, dropRemainder }: { readonly size: number; readonly dropRemainder: boolean },
    join: (elements: readonly Element[]) => Element,
  ) {
    this.#input = input;
    this.#size = size;
    this.#dropRemainder = dropRemainder;
    this.#join = join;
  }

  next(): MaybePromise<Pulled<Element>> {
    while (this.#gathered.length < this.#size) {
      const element = this.#input.next();
      if (isPending(element)) return this.#later(element);
      if (element === DONE) return this.#rest();
      this.#gathered.push(element);
    }
    return this.#whole();
  }

  close(): MaybePromise<void> {
    this.#gathered = [];
    return this.#input.close();
  }

  async #later(pulled: MaybePromise<Pulled<Element>>): Promise<Pulled<Element>> {
    for (;; pulled = this.#input.next()) {
      const element = isPending(pulled) ? await pulled : pulled;
      if (element === DONE) return this.#rest();
      this.#gathered.push(element);
      if (this.#gathered.length >= this.#size) return this.#whole();
    }
  }

  #whole(): Element {
    const gathered = this.#gathered;
    this.#gathered = [];
    return this.#join(gathered);
  }

  #rest(): Pulled<Element> {
    if (this.#dropRemainder || this.#gathered.length === 0) {
      this.#gathered = [];
      return DONE;
    }
    return this.#whole();
  }
}
