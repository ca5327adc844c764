import type { MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { DataServiceNode } from "../../graph/mod.ts";
import type { ElementIterator, Pulled } from "../iterator.ts";
import { nothing } from "./nothing.ts";
import type { Place } from "../place.ts";

/** Builds `dataService`: the reader that the execution was given. */
export function dataService(node: DataServiceNode, place: Place): ElementIterator<Element> {
  return new RemoteDataset(node, place);
}

/** Makes the reader at the first pull, so that building a pipeline calls nobody. */
class RemoteDataset implements ElementIterator<Element> {
  readonly #node: DataServiceNode;
  readonly #place: Place;
  #reader: ElementIterator<Element> | null = null;

  constructor(node: DataServiceNode, place: Place) {
    this.#node = node;
    this.#place = place;
  }

  next(): MaybePromise<Pulled<Element>> {
    if (this.#reader) return this.#reader.next();
    const { context, run } = this.#place;
    // What is read from a service is not split: another dispatcher divides it.
    const { splits: _splits, ledger: _ledger, ...rest } = context;
    this.#reader = context.dataService(this.#node, { ...rest, signal: run.signal });
    return this.#reader.next();
  }

  close(): MaybePromise<void> {
    const reader = this.#reader;
    this.#reader = nothing;
    return reader?.close();
  }
}
