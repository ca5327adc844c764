import type { MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { ElementIterator, Pulled } from "../iterator.ts";
import { nothing } from "./nothing.ts";

/** An iterator that is opened by its first pull, so that building a pipeline calls nobody. */
export class Lazy implements ElementIterator<Element> {
  readonly #open: () => ElementIterator<Element>;
  #opened: ElementIterator<Element> | null = null;

  constructor(open: () => ElementIterator<Element>) {
    this.#open = open;
  }

  next(): MaybePromise<Pulled<Element>> {
    return (this.#opened ??= this.#open()).next();
  }

  close(): MaybePromise<void> {
    const opened = this.#opened;
    this.#opened = nothing;
    return opened?.close();
  }
}
