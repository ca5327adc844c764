import { isPromise, type MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { MapNode, UserFunction } from "../../graph/mod.ts";
import type { BoundFunction } from "../bound_function.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import { ParallelMap } from "./parallel_map.ts";
import { canSpread, SpreadMap } from "./spread_map.ts";

/** Builds `map`. */
export function map(node: MapNode, place: Place): ElementIterator<Element> {
  if (node.parallel <= 1) return new SequentialMap(place.input(), place.bind(node.fn));
  const { spreader } = place.context;
  if (spreader && canSpread(node.fn)) return new SpreadMap(place.input(), node, place, spreader);
  return new ParallelMap(place.input(), place.bind(node.fn), {
    parallel: node.parallel,
    deterministic: node.deterministic ?? place.deterministic,
  });
}

class SequentialMap implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #fn: BoundFunction;
  // Beside #fn, because two more loads for each element show.
  readonly #call: UserFunction;
  readonly #context: unknown;
  #index = 0;

  constructor(input: ElementIterator<Element>, fn: BoundFunction) {
    this.#input = input;
    this.#fn = fn;
    this.#call = fn.call;
    this.#context = fn.context;
  }

  next(): MaybePromise<Pulled<Element>> {
    const element = this.#input.next();
    if (isPending(element)) return element.then(this.#applyLater);
    return element === DONE ? DONE : this.#apply(element);
  }

  close(): MaybePromise<void> {
    return this.#input.close();
  }

  readonly #applyLater = (element: Pulled<Element>) => element === DONE ? DONE : this.#apply(element);

  #apply(element: Element): MaybePromise<Element> {
    const index = this.#index++;
    const call = this.#call;
    let value: unknown;
    try {
      value = call(element, this.#context);
    } catch (error) {
      throw this.#fn.failed(index, error);
    }
    if (typeof value === "number") return value;
    if (!isPromise(value)) return this.#fn.result(index, value);
    return this.#fn.settle(index, value).then((settled) => this.#fn.result(index, settled));
  }
}
