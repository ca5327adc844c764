import type { MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { CacheNode } from "../../graph/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";

/** What the first complete pass gave; null before there was one. */
interface Memory {
  elements: readonly Element[] | null;
}

/** The memories of the datasets of this process, for as long as somebody can read them. */
const MEMORIES = new WeakMap<CacheNode, Memory>();

/**
 * Builds `cache`. All executions of one node share what it keeps; but the share of a split input belongs to one
 * pipeline, and keeping it for others would give them the wrong elements.
 */
export function cache(node: CacheNode, place: Place): ElementIterator<Element> {
  const { pipeline, planned } = place;
  if (pipeline.splits) return new Cache(pipeline.memory<Memory>(planned, () => ({ elements: null })), place);
  const memory = MEMORIES.get(node) ?? { elements: null };
  MEMORIES.set(node, memory);
  return new Cache(memory, place);
}

/** One pass: over what is kept, or else over the input, gathering for itself until the pass is complete. */
class Cache implements ElementIterator<Element> {
  readonly #memory: Memory;
  readonly #place: Place;
  #state:
    /** Nothing was pulled yet. */
    | { kind: "new" }
    /** Reads the input; `gathered` is null once an element is missing, so that the pass cannot be kept. */
    | { kind: "gathering"; input: ElementIterator<Element>; gathered: Element[] | null }
    /** Reads what an earlier pass has kept. */
    | { kind: "reading"; elements: readonly Element[]; index: number } = { kind: "new" };

  constructor(memory: Memory, place: Place) {
    this.#memory = memory;
    this.#place = place;
  }

  next(): MaybePromise<Pulled<Element>> {
    const state = this.#state;
    if (state.kind === "reading") {
      return state.index < state.elements.length ? state.elements[state.index++] : DONE;
    }
    if (state.kind === "new") {
      const { elements } = this.#memory;
      this.#state = elements
        ? { kind: "reading", elements, index: 0 }
        : { kind: "gathering", input: this.#place.input(), gathered: [] };
      return this.next();
    }
    try {
      const element = state.input.next();
      return isPending(element) ? element.then(this.#gather, this.#fail) : this.#gather(element);
    } catch (error) {
      return this.#fail(error);
    }
  }

  close(): MaybePromise<void> {
    const state = this.#state;
    this.#state = { kind: "reading", elements: [], index: 0 };
    if (state.kind === "gathering") return state.input.close();
  }

  readonly #gather = (element: Pulled<Element>): Pulled<Element> => {
    const state = this.#state;
    if (state.kind !== "gathering") return DONE; // Closed meanwhile: the pass is not complete.
    if (element !== DONE) state.gathered?.push(element);
    else if (state.gathered) {
      // Of passes that ran side by side the first to end decides: all later ones must give the same.
      this.#memory.elements ??= state.gathered;
      state.gathered = null;
    }
    return element;
  };

  readonly #fail = (error: unknown): never => {
    if (this.#state.kind === "gathering") this.#state.gathered = null;
    throw error;
  };
}
