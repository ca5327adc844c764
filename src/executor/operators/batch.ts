import type { MaybePromise } from "../../base/mod.ts";
import { type Element, padAndStack, stack } from "../../element/mod.ts";
import type { BatchNode, PaddedBatchNode } from "../../graph/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { counted, leaveOut } from "../leave_out.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";

/** Builds `batch`. */
export function batch(node: BatchNode, place: Place): ElementIterator<Element> {
  return new Batch(place.input(), node, stack, { numbers: true });
}

/** Builds `paddedBatch`. */
export function paddedBatch(node: PaddedBatchNode, place: Place): ElementIterator<Element> {
  const { paddedShapes, paddingValues } = node;
  return new Batch(place.input(), node, (elements) => padAndStack(elements, paddedShapes, paddingValues));
}

// A longer batch is gathered as any other: whether there are so many elements only shows when they come.
const MOST_NUMBERS = 65_536;

/**
 * Gathers elements and joins them. What was gathered before an error of the input stays for the next pull. Numbers,
 * which are stacked into a `Float64Array`, are written into it as they come; the first element that is none moves
 * those before it to where elements are gathered.
 */
export class Batch implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #size: number;
  readonly #dropRemainder: boolean;
  readonly #join: (elements: readonly Element[]) => Element;
  #gathered: Element[] = [];
  readonly #mayBeNumbers: boolean;
  #numbers: Float64Array<ArrayBuffer> | null = null;
  /** How many numbers are there; none while anything is gathered. */
  #count = 0;

  constructor(
    input: ElementIterator<Element>,
    { size, dropRemainder }: { readonly size: number; readonly dropRemainder: boolean },
    join: (elements: readonly Element[]) => Element,
    /** Whether `join` makes a `Float64Array` of numbers. */
    { numbers = false }: { numbers?: boolean } = {},
  ) {
    this.#input = input;
    this.#size = size;
    this.#dropRemainder = dropRemainder;
    this.#join = join;
    this.#mayBeNumbers = numbers && size <= MOST_NUMBERS;
  }

  next(): MaybePromise<Pulled<Element>> {
    return this.#mayBeNumbers && this.#gathered.length === 0 ? this.#nextNumbers() : this.#next();
  }

  #nextNumbers(): MaybePromise<Pulled<Element>> {
    const input = this.#input;
    const size = this.#size;
    const numbers = this.#numbers ??= new Float64Array(size);
    let count = this.#count;
    let element: MaybePromise<Pulled<Element>>;
    try {
      for (;;) {
        element = input.next();
        if (typeof element !== "number") break;
        numbers[count++] = element;
        if (count < size) continue;
        count = 0;
        this.#numbers = null;
        return numbers;
      }
    } finally {
      this.#count = count;
    }
    this.#gatherNumbers();
    if (isPending(element)) return this.#later(element);
    if (element === DONE) return this.#rest();
    this.#gathered.push(element);
    return this.#next();
  }

  #gatherNumbers(): void {
    for (let i = 0; i < this.#count; i++) this.#gathered.push(this.#numbers![i]);
    this.#count = 0;
  }

  #next(): MaybePromise<Pulled<Element>> {
    while (this.#gathered.length < this.#size) {
      const element = this.#input.next();
      if (isPending(element)) return this.#later(element);
      if (element === DONE) return this.#rest();
      this.#gathered.push(element);
    }
    return this.#whole();
  }

  /** An element that fails is taken for one of a batch. */
  skip(count: number): MaybePromise<number> {
    this.#gatherNumbers();
    const before = this.#gathered.length;
    this.#gathered = [];
    return counted(leaveOut(this.#input, count * this.#size - before), (skipped) => {
      const batches = (before + skipped) / this.#size;
      return this.#dropRemainder ? Math.floor(batches) : Math.ceil(batches);
    });
  }

  close(): MaybePromise<void> {
    this.#gathered = [];
    this.#numbers = null;
    this.#count = 0;
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
