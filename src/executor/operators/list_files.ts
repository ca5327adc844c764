import { isPromise, type MaybePromise, mixSeeds, SeededRandom } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { ListFilesNode } from "../../graph/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import type { Place } from "../place.ts";
import { indexed } from "./indexed.ts";

/** Builds `listFiles`. Where the input is split the dispatcher has made the list, and the splits bring the names. */
export function listFiles(node: ListFilesNode, place: Place): ElementIterator<Element> {
  if (!place.splits) return new ListFiles(node, place);
  return indexed({ length: Infinity, at: (index, { start, names }) => names![index - start] }, place);
}

class ListFiles implements ElementIterator<Element> {
  readonly #node: ListFilesNode;
  readonly #place: Place;
  #names: readonly string[] | null = null;
  #index = 0;
  #closed = false;

  constructor(node: ListFilesNode, place: Place) {
    this.#node = node;
    this.#place = place;
  }

  next(): MaybePromise<Pulled<Element>> {
    return this.#names ? this.#take(this.#names) : this.#list();
  }

  close(): void {
    this.#closed = true;
    this.#names = [];
  }

  async #list(): Promise<Pulled<Element>> {
    const { context, run } = this.#place;
    const names: string[] = [];
    try {
      for (const pattern of this.#node.patterns) {
        const listed = context.files.list(pattern, { signal: run.signal });
        names.push(...(isPromise(listed) ? await listed : listed));
      }
    } catch (error) {
      this.#names = []; // Asking again would only find the same.
      throw error;
    }
    if (this.#closed) return DONE;
    if (this.#node.shuffle) this.#shuffle(names);
    this.#names = names;
    return this.#take(names);
  }

  #take(names: readonly string[]): Pulled<Element> {
    return this.#index < names.length ? names[this.#index++] : DONE;
  }

  #shuffle(names: string[]): void {
    const { context, pass } = this.#place;
    const { seed } = this.#node;
    const random = new SeededRandom(
      seed === null ? this.#place.seed : mixSeeds(seed, context.epoch, pass),
    );
    for (let last = names.length - 1; last > 0; last--) {
      const index = random.below(last + 1);
      [names[index], names[last]] = [names[last], names[index]];
    }
  }
}
