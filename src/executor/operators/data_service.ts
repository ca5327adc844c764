import type { MaybePromise } from "../../base/mod.ts";
import type { Element, Ledger } from "../../element/mod.ts";
import type { DataServiceNode } from "../../graph/mod.ts";
import type { ServiceIterator } from "../context.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import { Lazy } from "./lazy.ts";
import type { Place } from "../place.ts";
import { SplitPass } from "../tracking.ts";

/** Builds `dataService`: the reader that the execution was given. */
export function dataService(node: DataServiceNode, place: Place): ElementIterator<Element> {
  const { tracking, pipeline: { settlement } } = place;
  if (!settlement || !tracking) return new Lazy(() => open(node, place));
  if (settlement.hasBegun(place.ordinal, place.pass)) place.run.resumed++;
  const pass = new SplitPass(place.ordinal, place.pass);
  return new Lazy(() => new NotedReader(open(node, place), tracking.ledger, pass));
}

function open(node: DataServiceNode, { context, run, ordinal: at, pass }: Place): ServiceIterator {
  // What is read from a service is not split: another dispatcher divides it.
  const { splits: _splits, ledger: _ledger, settlement: _settlement, ...rest } = context;
  return context.dataService(node, { ...rest, signal: run.signal, at, pass });
}

/** Notes the numbers of the elements that a reader gives. */
class NotedReader implements ElementIterator<Element> {
  readonly #reader: ServiceIterator;
  readonly #ledger: Ledger;
  readonly #pass: SplitPass;
  #next: number;

  constructor(reader: ServiceIterator, ledger: Ledger, pass: SplitPass) {
    this.#reader = reader;
    this.#ledger = ledger;
    this.#pass = pass;
    this.#next = reader.position;
  }

  next(): MaybePromise<Pulled<Element>> {
    try {
      const element = this.#reader.next();
      return isPending(element) ? element.then(this.#note, this.#fail) : this.#note(element);
    } catch (error) {
      return this.#fail(error);
    }
  }

  close(): MaybePromise<void> {
    return this.#reader.close();
  }

  readonly #note = (element: Pulled<Element>): Pulled<Element> => {
    if (element !== DONE) this.#ledger.add(this.#pass, this.#next++);
    return element;
  };

  readonly #fail = (error: unknown): never => {
    // One that could not be decoded has its number, too; a reader that fails has given nothing.
    while (this.#next < this.#reader.position) this.#ledger.add(this.#pass, this.#next++);
    throw error;
  };
}
