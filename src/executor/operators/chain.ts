import { isPromise, type MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { UserFunction } from "../../graph/mod.ts";
import type { BoundFunction } from "../bound_function.ts";
import { AGAIN, drive } from "../drive.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { counted, leaveOut } from "../leave_out.ts";
import { isPending } from "../pending.ts";
import { SequentialFilter } from "./sequential_filter.ts";
import { SequentialMap } from "./sequential_map.ts";

/** A map or a filter in a chain. */
interface Step {
  readonly filters: boolean;
  readonly fn: BoundFunction;
  // Beside `fn`, because two more loads for each element show.
  readonly call: UserFunction;
  readonly context: unknown;
  index: number;
}

type Sifted = Element | typeof AGAIN;

// Up to here operators of their own are quicker: the engine sees through their few calls.
const SHORTEST = 4;

/**
 * `input` with the function of a map or filter behind it. Whoever builds an operator is the only one to have its
 * input, and nothing has been pulled yet: operators that are there already may become part of a chain.
 */
export function follow(
  input: ElementIterator<Element>,
  kind: "map" | "filter",
  fn: BoundFunction,
): ElementIterator<Element> {
  const before: (SequentialMap | SequentialFilter)[] = [];
  let bottom = input;
  for (; bottom instanceof SequentialMap || bottom instanceof SequentialFilter; bottom = bottom.input) {
    before.unshift(bottom);
  }
  if (!(bottom instanceof Chain) && before.length + 1 < SHORTEST) {
    return kind === "map" ? new SequentialMap(input, fn) : new SequentialFilter(input, fn);
  }
  const chain = bottom instanceof Chain ? bottom : new Chain(bottom);
  for (const operator of before) chain.add(operator.kind, operator.fn);
  chain.add(kind, fn);
  return chain;
}

/**
 * Maps and filters that follow on one another, as one operator. In a row of operators each calls its input from a
 * place that has seen many kinds of inputs, which costs more than most functions do; here all steps are in one loop.
 * It does what {@linkcode SequentialMap} and {@linkcode SequentialFilter} do one after the other.
 */
export class Chain implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #steps: Step[] = [];

  /** A chain without steps yet. */
  constructor(input: ElementIterator<Element>) {
    this.#input = input;
  }

  /** Adds a step at the end; nothing may have been pulled. */
  add(kind: "map" | "filter", fn: BoundFunction): void {
    this.#steps.push({ filters: kind === "filter", fn, call: fn.call, context: fn.context, index: 0 });
  }

  next(): MaybePromise<Pulled<Element>> {
    for (;;) {
      const pulled = this.#input.next();
      if (isPending(pulled)) return drive(pulled.then(this.#sift), this.#step);
      if (pulled === DONE) return DONE;
      const sifted = this.#run(pulled, 0);
      if (isPending(sifted)) return drive(sifted, this.#step);
      if (sifted !== AGAIN) return sifted;
    }
  }

  skip(count: number): MaybePromise<number> {
    if (this.#steps.some(({ filters }) => filters)) {
      return leaveOut({ next: () => this.next(), close: () => {} }, count);
    }
    return counted(leaveOut(this.#input, count), (skipped) => {
      for (const step of this.#steps) step.index += skipped;
      return skipped;
    });
  }

  close(): MaybePromise<void> {
    return this.#input.close();
  }

  readonly #step = (): MaybePromise<Pulled<Element> | typeof AGAIN> => {
    const pulled = this.#input.next();
    return isPending(pulled) ? pulled.then(this.#sift) : this.#sift(pulled);
  };

  readonly #sift = (pulled: Pulled<Element>): MaybePromise<Pulled<Element> | typeof AGAIN> =>
    pulled === DONE ? DONE : this.#run(pulled, 0);

  /** Takes an element through the steps from number `at` on; gives AGAIN where a filter leaves it out. */
  #run(element: Element, at: number): MaybePromise<Sifted> {
    const steps = this.#steps;
    for (let i = at; i < steps.length; i++) {
      const step = steps[i];
      const index = step.index++;
      let value: unknown;
      try {
        // Called without a `this`, as a user expects of a plain function.
        const { call } = step;
        value = call(element, step.context);
      } catch (error) {
        throw step.fn.failed(index, error);
      }
      if (step.filters) {
        if (typeof value === "object" && isPromise(value)) return this.#wait(step, index, value, element, i);
        if (!value) return AGAIN;
      } else if (typeof value === "number") element = value;
      else if (isPromise(value)) return this.#wait(step, index, value, element, i);
      else element = step.fn.result(index, value);
    }
    return element;
  }

  async #wait(
    { filters, fn }: Step,
    index: number,
    pending: PromiseLike<unknown>,
    element: Element,
    at: number,
  ): Promise<Sifted> {
    const value = await fn.settle(index, pending);
    if (!filters) return this.#run(fn.result(index, value), at + 1);
    return value ? this.#run(element, at + 1) : AGAIN;
  }
}
