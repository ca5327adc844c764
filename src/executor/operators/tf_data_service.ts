import { FailedPreconditionError, type MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { TfDataServiceNode } from "../../graph/mod.ts";
import type { ElementIterator, Pulled } from "../iterator.ts";
import { nothing } from "./nothing.ts";
import type { Place } from "../place.ts";

/** Builds `tfDataService`: the reader that the execution was given. */
export function tfDataService(node: TfDataServiceNode, place: Place): ElementIterator<Element> {
  return new StockDataset(node, place);
}

/** Makes the reader at the first pull, so that building a pipeline calls nobody. */
class StockDataset implements ElementIterator<Element> {
  readonly #node: TfDataServiceNode;
  readonly #place: Place;
  #reader: ElementIterator<Element> | null = null;

  constructor(node: TfDataServiceNode, place: Place) {
    this.#node = node;
    this.#place = place;
  }

  next(): MaybePromise<Pulled<Element>> {
    this.#reader ??= this.#open();
    return this.#reader.next();
  }

  close(): MaybePromise<void> {
    const reader = this.#reader;
    this.#reader = nothing;
    return reader?.close();
  }

  #open(): ElementIterator<Element> {
    const { context: { tfDataService }, run: { signal } } = this.#place;
    if (tfDataService) return tfDataService(this.#node, { signal });
    throw new FailedPreconditionError(
      "Cannot read a tf.data service here: its protocol is gRPC, which needs HTTP/2 with trailers, and web pages have " +
        'no such thing. In Deno, Node and Bun take Dataset from the main module, or from its door "tensorflow"',
    );
  }
}
