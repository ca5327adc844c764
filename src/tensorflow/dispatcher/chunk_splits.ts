/** Splits of datasets that load a snapshot, perhaps while it is still being written. */

import {
  END_OF_SPLITS,
  RESERVED,
  type ServiceParts,
  takeSplit,
  type TakeSplitRequest,
} from "../../dispatcher/mod.ts";

/** The chunks of one snapshot, in the order in which they are given out. */
export interface Chunks {
  /** How many are known. */
  readonly count: number;
  /** Whether there will be no more. */
  readonly isFinal: boolean;
  /** One of them, as an encoded tensor. */
  split(index: number): Uint8Array;
  /** Looks for more; resolves once there are some, or there will be none. */
  grow?(signal: AbortSignal): Promise<void>;
}

/** Gives out chunks as splits. */
export class ChunkSplits {
  readonly #parts: Pick<ServiceParts, "run" | "state">;
  readonly #open: (path: string) => Chunks;
  /** By iteration, then by the place of the source. */
  readonly #chunks = new WeakMap<object, Map<number, Chunks>>();

  /** `open` makes a listing of the snapshot at a path that knows no chunk yet. */
  constructor(parts: Pick<ServiceParts, "run" | "state">, open: (path: string) => Chunks) {
    this.#parts = parts;
    this.#open = open;
  }

  /** The next split, as an encoded tensor; null: the repetition is over. Waits while there is none yet. */
  async next(request: TakeSplitRequest, path: string, signal: () => AbortSignal): Promise<Uint8Array | null> {
    const { state, run } = this.#parts;
    for (;;) {
      const iteration = state.iterations.get(request.iterationId);
      const source = iteration?.sources[request.source];
      if (!iteration || !source || request.repetition < source.repetition) return null;
      const chunks = this.#of(iteration, request.source, path);
      const next = request.repetition > source.repetition ? 0 : source.next;
      if (next < chunks.count) {
        // The event is decided on before anything else can happen: it takes the index that was looked at.
        const index = await run(takeSplit, request);
        if (index === RESERVED) continue;
        return index === END_OF_SPLITS ? null : chunks.split(index);
      }
      if (chunks.isFinal || !chunks.grow) return null;
      await chunks.grow(signal());
    }
  }

  #of(iteration: object, source: number, path: string): Chunks {
    let ofIteration = this.#chunks.get(iteration);
    if (!ofIteration) this.#chunks.set(iteration, ofIteration = new Map());
    let chunks = ofIteration.get(source);
    if (!chunks) ofIteration.set(source, chunks = this.#open(path));
    return chunks;
  }
}
