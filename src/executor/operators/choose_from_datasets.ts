import { InvalidArgumentError, isPromise, type MaybePromise, show } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { ChooseFromDatasetsNode } from "../../graph/mod.ts";
import { closeAll } from "../close_all.ts";
import { AGAIN, drive } from "../drive.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";

/** Builds `chooseFromDatasets`. */
export function chooseFromDatasets(_node: ChooseFromDatasetsNode, place: Place): ElementIterator<Element> {
  const inputs = place.inputs();
  const choices = inputs.pop()!;
  return new Chooser(inputs, choices);
}

class Chooser implements ElementIterator<Element> {
  readonly #inputs: readonly ElementIterator<Element>[];
  readonly #choices: ElementIterator<Element>;
  /** Inputs that have not ended. */
  readonly #open: Set<number>;
  #chosen = -1;
  #index = 0;

  constructor(inputs: readonly ElementIterator<Element>[], choices: ElementIterator<Element>) {
    this.#inputs = inputs;
    this.#choices = choices;
    this.#open = new Set(inputs.keys());
  }

  next(): MaybePromise<Pulled<Element>> {
    return drive(this.#step(), this.#step);
  }

  close(): MaybePromise<void> {
    this.#open.clear();
    return closeAll([...this.#inputs, this.#choices]);
  }

  readonly #step = (): MaybePromise<Pulled<Element> | typeof AGAIN> => {
    // Endless choices between inputs that have all ended would otherwise never give anything again.
    if (this.#open.size === 0) return DONE;
    const choice = this.#choices.next();
    return isPending(choice) ? choice.then(this.#choose) : this.#choose(choice);
  };

  readonly #choose = (choice: Pulled<Element>): MaybePromise<Pulled<Element> | typeof AGAIN> => {
    if (choice === DONE) return DONE;
    const index = this.#index++;
    const { length } = this.#inputs;
    if (typeof choice !== "number" || !Number.isInteger(choice) || choice < 0 || choice >= length) {
      throw new InvalidArgumentError(
        `Cannot chooseFromDatasets element ${index}: the choice must be a whole number from 0 to ${
          length - 1
        }, got ${show(choice)}`,
      );
    }
    if (!this.#open.has(choice)) return AGAIN;
    this.#chosen = choice;
    const element = this.#inputs[choice].next();
    return isPending(element) ? element.then(this.#pass) : this.#pass(element);
  };

  readonly #pass = (element: Pulled<Element>): MaybePromise<Element | typeof AGAIN> => {
    if (element !== DONE) return element;
    this.#open.delete(this.#chosen);
    const closing = this.#inputs[this.#chosen].close();
    return isPromise(closing) ? closing.then(() => AGAIN) : AGAIN;
  };
}
