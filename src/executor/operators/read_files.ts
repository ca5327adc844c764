import { InvalidArgumentError, isPromise, type MaybePromise, show } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { ReadFilesNode } from "../../graph/mod.ts";
import { END, readRecords, type RecordReader } from "../../sources/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import { expanded } from "./flat_map.ts";

/** Builds `readFiles`. */
export function readFiles(node: ReadFilesNode, place: Place): ElementIterator<Element> {
  return expanded(place, (input) => new Files(input, node, place));
}

/** An iterator over the records of each file that the input names. */
class Files implements ElementIterator<ElementIterator<Element>> {
  readonly #input: ElementIterator<Element>;
  readonly #node: ReadFilesNode;
  readonly #place: Place;

  constructor(input: ElementIterator<Element>, node: ReadFilesNode, place: Place) {
    this.#input = input;
    this.#node = node;
    this.#place = place;
  }

  next(): MaybePromise<Pulled<ElementIterator<Element>>> {
    const name = this.#input.next();
    return isPending(name) ? name.then(this.#open) : this.#open(name);
  }

  close(): MaybePromise<void> {
    return this.#input.close();
  }

  readonly #open = (name: Pulled<Element>): Pulled<ElementIterator<Element>> => {
    if (name === DONE) return DONE;
    if (typeof name !== "string") {
      throw new InvalidArgumentError(`Cannot read a file: its name must be a string, got ${show(name)}`);
    }
    const { format, options } = this.#node;
    const { context, run } = this.#place;
    return new Records(readRecords(context.files.source(name), format, options, run.signal));
  };
}

class Records implements ElementIterator<Element> {
  readonly #reader: RecordReader;

  constructor(reader: RecordReader) {
    this.#reader = reader;
  }

  next(): MaybePromise<Pulled<Element>> {
    const record = this.#reader.next();
    if (isPromise(record)) return record.then(endToDone);
    return record === END ? DONE : record;
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}

function endToDone(record: Element | typeof END): Pulled<Element> {
  return record === END ? DONE : record;
}
