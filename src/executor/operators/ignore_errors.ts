import { type Log, type MaybePromise, messageOf } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { IgnoreErrorsNode } from "../../graph/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import type { Run } from "../run.ts";

/** Builds `ignoreErrors`. */
export function ignoreErrors(node: IgnoreErrorsNode, place: Place): ElementIterator<Element> {
  return new IgnoreErrors(place.input(), node.log, place.run);
}

class IgnoreErrors implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #log: boolean;
  readonly #run: Run;
  #skipped = 0;
  #told = 0;

  constructor(input: ElementIterator<Element>, log: boolean, run: Run) {
    this.#input = input;
    this.#log = log;
    this.#run = run;
  }

  next(): MaybePromise<Pulled<Element>> {
    for (;;) {
      try {
        const element = this.#input.next();
        if (isPending(element)) return this.#later(element);
        if (element === DONE) this.#tell();
        return element;
      } catch (error) {
        this.#skip(error);
      }
    }
  }

  close(): MaybePromise<void> {
    this.#tell();
    return this.#input.close();
  }

  async #later(first: Promise<Pulled<Element>>): Promise<Pulled<Element>> {
    for (let pulled: MaybePromise<Pulled<Element>> | null = first;; pulled = null) {
      try {
        pulled ??= this.#input.next();
        const element = isPending(pulled) ? await pulled : pulled;
        if (element === DONE) this.#tell();
        return element;
      } catch (error) {
        this.#skip(error);
      }
    }
  }

  #skip(error: unknown): void {
    // What fails because the reader has left is not missing anywhere; what would fail again is not to be skipped.
    if (this.#run.stopped || (error instanceof Error && this.#run.fatal.has(error))) throw error;
    this.#skipped++;
    this.#run.context.onLeftOut?.();
    if (this.#log) warn(this.#run.context.log, error, this.#skipped);
  }

  /** Says how many elements are missing, which nobody would notice otherwise. */
  #tell(): void {
    if (this.#skipped === this.#told) return;
    this.#told = this.#skipped;
    this.#run.context.log.info("Left out elements whose making failed", { skipped: this.#skipped });
  }
}

function warn(log: Log, error: unknown, skipped: number): void {
  log.warn(`Left out an element: ${messageOf(error)}`, { skipped });
}
