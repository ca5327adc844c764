import { FailedPreconditionError, type MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import { SHARD_HINT, type ShardNode } from "../../graph/mod.ts";
import type { Counter } from "../counter.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";

/**
 * Builds `shard`.
 *
 * @throws {FailedPreconditionError} for a SHARD_HINT that no sharding policy has filled in
 */
export function shard(node: ShardNode, place: Place): ElementIterator<Element> {
  if (node.num === SHARD_HINT || node.index === SHARD_HINT) {
    throw new FailedPreconditionError(
      "Cannot run shard(SHARD_HINT, SHARD_HINT): only tf.data service with ShardingPolicy.HINT processing mode fills it in",
    );
  }
  return new Shard(place.input(), node, place.counter());
}

class Shard implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #num: number;
  readonly #index: number;
  readonly #counter: Counter | null;
  /** The place of the next element in a round over all shards. */
  #turn = 0;

  constructor(input: ElementIterator<Element>, { num, index }: ShardNode, counter: Counter | null) {
    this.#input = input;
    this.#num = num;
    this.#index = index;
    this.#counter = counter;
  }

  next(): MaybePromise<Pulled<Element>> {
    for (;;) {
      const element = this.#input.next();
      if (isPending(element)) return this.#later(element);
      if (element === DONE || this.#isMine()) return element;
    }
  }

  close(): MaybePromise<void> {
    return this.#input.close();
  }

  async #later(pulled: MaybePromise<Pulled<Element>>): Promise<Pulled<Element>> {
    for (;; pulled = this.#input.next()) {
      const element = isPending(pulled) ? await pulled : pulled;
      if (element === DONE || this.#isMine()) return element;
    }
  }

  #isMine(): boolean {
    if (this.#counter !== null) return this.#counter.next() % this.#num === this.#index;
    const isMine = this.#turn === this.#index;
    if (++this.#turn === this.#num) this.#turn = 0;
    return isMine;
  }
}
