import { type MaybePromise, show } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { GroupByWindowNode } from "../../graph/mod.ts";
import type { BoundFunction } from "../bound_function.ts";
import { AGAIN, drive } from "../drive.ts";
import { groupKey, inKeyOrder } from "../group_key.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { openResult } from "../opener.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import { Flatten } from "./flat_map.ts";

/** Builds `groupByWindow`. */
export function groupByWindow(node: GroupByWindowNode, place: Place): ElementIterator<Element> {
  return new Flatten(new Windows(node, place));
}

interface Group {
  readonly key: Element;
  readonly size: number;
  readonly items: Element[];
}

/** Iterators over what `reduce` makes of each window: of full ones, and at the end of the rest in the order of the keys. */
class Windows implements ElementIterator<ElementIterator<Element>> {
  readonly #input: ElementIterator<Element>;
  readonly #place: Place;
  readonly #keyOf: BoundFunction;
  readonly #reduce: BoundFunction;
  readonly #size: number | BoundFunction;
  readonly #groups = new Map<unknown, Group>();
  #rest: Group[] | null = null;
  #index = -1;

  constructor(node: GroupByWindowNode, place: Place) {
    this.#input = place.input();
    this.#place = place;
    this.#keyOf = place.bind(node.key);
    this.#reduce = place.bind(node.reduce);
    this.#size = typeof node.size === "number" ? node.size : place.bind(node.size);
  }

  next(): MaybePromise<Pulled<ElementIterator<Element>>> {
    return drive(this.#step(), this.#step);
  }

  close(): MaybePromise<void> {
    this.#groups.clear();
    this.#rest = [];
    return this.#input.close();
  }

  readonly #step = (): MaybePromise<Pulled<ElementIterator<Element>> | typeof AGAIN> => {
    if (this.#rest) {
      const group = this.#rest.shift();
      return group ? this.#open(group) : DONE;
    }
    const element = this.#input.next();
    return isPending(element) ? element.then(this.#add) : this.#add(element);
  };

  readonly #add = (element: Pulled<Element>): MaybePromise<ElementIterator<Element> | typeof AGAIN> => {
    if (element === DONE) {
      this.#rest ??= inKeyOrder([...this.#groups.values()]);
      this.#groups.clear();
      return AGAIN;
    }
    const index = ++this.#index;
    return chain(
      this.#keyOf.invoke(index, element),
      (key) =>
        chain(this.#groupOf(index, this.#keyOf.result(index, key)), (group) => {
          group.items.push(element);
          if (group.items.length < group.size) return AGAIN;
          this.#groups.delete(groupKey(group.key));
          return this.#open(group);
        }),
    );
  };

  #groupOf(index: number, key: Element): MaybePromise<Group> {
    const group = this.#groups.get(groupKey(key));
    if (group) return group;
    const size = typeof this.#size === "number" ? this.#size : this.#size.invoke(index, key);
    return chain(size, (value) => {
      if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) {
        throw this.#keyOf.refused(index, `the window's size must be a whole number >= 1, got ${show(value)}`);
      }
      const begun: Group = { key, size: value, items: [] };
      if (!this.#rest) this.#groups.set(groupKey(key), begun);
      return begun;
    });
  }

  #open(group: Group): MaybePromise<ElementIterator<Element>> {
    const window = this.#place.context.Dataset.fromArray(group.items);
    const index = this.#index;
    return chain(
      this.#reduce.invoke(index, group.key, window),
      (made) => openResult(this.#place, this.#reduce, index, made),
    );
  }
}

function chain<T, U>(value: MaybePromise<T>, fn: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isPending(value) ? value.then(fn) : fn(value);
}
