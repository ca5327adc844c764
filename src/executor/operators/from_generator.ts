import { type MaybePromise, show } from "../../base/mod.ts";
import type { Element, Ledger } from "../../element/mod.ts";
import type { FromGeneratorNode } from "../../graph/mod.ts";
import type { BoundFunction } from "../bound_function.ts";
import type { Split } from "../context.ts";
import { expand } from "../expansion.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import { iterate } from "../user_iterator.ts";
import { Flatten } from "./flat_map.ts";
import { Splits } from "./indexed.ts";

/** Builds `fromGenerator`. Where the input is split there is one split: whoever gets it runs the whole generator. */
export function fromGenerator(node: FromGeneratorNode, place: Place): ElementIterator<Element> {
  const fn = place.bind(node.fn, "generate");
  const { splits } = place;
  const expansion = expand(place);
  if (!splits || !expansion) {
    return new Flatten(new Generations(fn, splits ? new Splits(splits, place) : new OneRun()));
  }
  const { ledger } = expansion.below;
  return new Flatten(
    expansion.follow(new Generations(fn, new NotedSplits(new Splits(splits, place), ledger))),
  );
}

/** What gives the splits: each is one run of the generator. */
interface Runs {
  next(): MaybePromise<object | null>;
}

/** Splits that are entered in a ledger as they are given out. */
class NotedSplits implements Runs {
  readonly #splits: Splits;
  readonly #ledger: Ledger;

  constructor(splits: Splits, ledger: Ledger) {
    this.#splits = splits;
    this.#ledger = ledger;
  }

  next(): MaybePromise<Split | null> {
    const split = this.#splits.next();
    return isPending(split) ? split.then(this.#note) : this.#note(split);
  }

  readonly #note = (split: Split | null): Split | null => {
    if (split !== null) this.#ledger.add(this.#splits.pass, split.start);
    return split;
  };
}

class OneRun implements Runs {
  #taken = false;

  next(): object | null {
    if (this.#taken) return null;
    this.#taken = true;
    return {};
  }
}

/** The iterators that the generator function gives: one for each split. */
class Generations implements ElementIterator<ElementIterator<Element>> {
  readonly #fn: BoundFunction;
  readonly #splits: Runs;
  #closed = false;

  constructor(fn: BoundFunction, splits: Runs) {
    this.#fn = fn;
    this.#splits = splits;
  }

  next(): MaybePromise<Pulled<ElementIterator<Element>>> {
    const split = this.#splits.next();
    return isPending(split) ? split.then(this.#begin) : this.#begin(split);
  }

  close(): void {
    this.#closed = true;
  }

  readonly #begin = (split: object | null): MaybePromise<Pulled<ElementIterator<Element>>> => {
    if (split === null || this.#closed) return DONE;
    const made = this.#fn.invoke(0);
    return isPending(made) ? made.then(this.#iterate) : this.#iterate(made);
  };

  readonly #iterate = (made: unknown): ElementIterator<Element> => {
    const iterator = iterate(made, this.#fn);
    if (iterator) return iterator;
    throw this.#fn.refused(0, `the function gave ${show(made)}, not an iterable`);
  };
}
