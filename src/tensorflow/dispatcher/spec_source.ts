/** Element specs of Sluice's own datasets, for TensorFlow's readers. */

import { FailedPreconditionError, UnavailableError } from "../../base/mod.ts";
import type { Dataset, DeepReadonly, ServiceParts } from "../../dispatcher/mod.ts";
import { checkSpec, decodeValue } from "../../element/mod.ts";
import { encodeElementSpec, layoutOf } from "../elements/mod.ts";

/** Largest encoded spec, in bytes. */
const MAX_SPEC_BYTES = 1 << 20;

/** Asks the worker at `address` what the elements of a dataset look like; the answer is an encoded `ElementSpec`. */
export type AskWorker = (address: string, dataset: DeepReadonly<Dataset>) => Promise<Uint8Array>;

/**
 * Tells the spec of a dataset as a `StructuredValue`. A worker is asked, once for each definition: the dispatcher
 * looks into no dataset and at no element.
 */
export class SpecSource {
  readonly #parts: Pick<ServiceParts, "state">;
  readonly #ask: AskWorker;
  readonly #known = new WeakMap<object, Promise<Uint8Array>>();

  /** Asks nobody yet. */
  constructor(parts: Pick<ServiceParts, "state">, ask: AskWorker) {
    this.#parts = parts;
    this.#ask = ask;
  }

  /**
   * The spec of a dataset; empty if it has no elements to tell it by: a reader that brings a spec of its own finds that
   * out by reading.
   *
   * @throws {UnavailableError} as long as there is no worker to ask
   * @throws {InvalidArgumentError} if TensorFlow cannot hold the elements, naming the place
   */
  specOf(dataset: DeepReadonly<Dataset>): Promise<Uint8Array> {
    const known = this.#known.get(dataset.graph);
    if (known) return known;
    const found = this.#find(dataset);
    this.#known.set(dataset.graph, found);
    // Another worker may know better, or be reachable; there may be elements by then.
    const forget = () => this.#known.delete(dataset.graph);
    found.then(({ length }) => length === 0 && forget(), forget);
    return found;
  }

  async #find(dataset: DeepReadonly<Dataset>): Promise<Uint8Array> {
    for (const { address, formats, lostAt } of this.#parts.state.workers.values()) {
      if (lostAt !== null || !formats.includes(dataset.format)) continue;
      const bytes = await this.#ask(address, dataset).catch(noElements);
      if (bytes.length === 0) return bytes;
      return encodeElementSpec(layoutOf(checkSpec(decodeValue(bytes, { maxBytes: MAX_SPEC_BYTES }))));
    }
    throw new UnavailableError(
      `Cannot tell the element spec of dataset ${dataset.id}: there is no worker of format "${dataset.format}" yet`,
    );
  }
}

function noElements(error: unknown): Uint8Array {
  if (error instanceof FailedPreconditionError) return new Uint8Array();
  throw error;
}
