/** Which split a worker gets next. */

import { InternalError, InvalidArgumentError } from "../../../base/mod.ts";
import type { SnapshotState } from "./state.ts";
import { streamOf } from "./streams.ts";

/** A worker asks for a split. */
export interface SplitRequest {
  readonly worker: string;
  readonly stream: number;
  readonly source: number;
  /** How often the worker has begun the source again. */
  readonly repetition: number;
}

/** What a worker gets. */
export type SplitDecision =
  /** A split, which becomes the worker's with {@linkcode takeSplit}. */
  | {
    readonly kind: "split";
    /** Its place in the source. */
    readonly index: number;
    /** Its place among those of the stream and source. */
    readonly local: number;
    /** Its place among those of the snapshot. */
    readonly global: number;
  }
  | {
    readonly kind: "end";
    /** How many splits of the source the stream has, so that its worker sees whether it missed an answer. */
    readonly local: number;
  }
  /** There is none yet, but more may come. */
  | { readonly kind: "wait" };

/** How many splits a source has. */
export interface SplitCount {
  /** Infinity: it never ends. */
  readonly count: number;
  /** Whether there are no more than that. */
  readonly isFinal: boolean;
}

/**
 * Decides without changing anything. The end needs no record: once a repetition is over, everybody who asks for it
 * gets the end, until somebody asks for the next one.
 *
 * @throws {InvalidArgumentError} for a source that the dataset does not have, or a negative repetition
 * @throws {InternalError} if the stream is not this worker's
 */
export function nextSplit(
  state: SnapshotState,
  request: SplitRequest,
  { path, counts }: { path: string; counts: readonly SplitCount[] },
): SplitDecision {
  const { stream, source: index, repetition } = request;
  const source = state.sources[index];
  if (!source) {
    throw new InvalidArgumentError(
      `Cannot get a split of source ${index} of the tf.data snapshot at ${path}: it has ${state.sources.length} sources`,
    );
  }
  if (repetition < 0) {
    throw new InvalidArgumentError(
      `Cannot get a split of repetition ${repetition} of the tf.data snapshot at ${path}: repetitions count from 0`,
    );
  }
  checkAssigned(state, request, path);
  const { numSplits } = state.streams.get(stream)!;
  const local = numSplits[index];
  if (repetition < source.repetition) return { kind: "end", local };
  // A later repetition begins the source anew for everybody, even where nobody has come to the end of this one:
  // `zip` and `take` leave their longer inputs early.
  const next = repetition > source.repetition ? 0 : source.next;
  const { count, isFinal } = counts[index];
  if (next >= count) return isFinal ? { kind: "end", local } : { kind: "wait" };
  return { kind: "split", index: next, local, global: state.numSplits };
}

/** A split is a worker's from now on: it is durable. */
export function takeSplit(
  state: SnapshotState,
  { stream, source: index, repetition }: SplitRequest,
  split: SplitDecision & { kind: "split" },
): void {
  const source = state.sources[index];
  source.repetition = repetition;
  source.next = split.index + 1;
  state.streams.get(stream)!.numSplits[index]++;
  state.numSplits++;
}

function checkAssigned(state: SnapshotState, { worker, stream }: SplitRequest, path: string): void {
  const assigned = state.mode === "done" || state.mode === "failed" ? null : streamOf(state, worker);
  if (assigned === stream) return;
  const fact = assigned === null ? "has no stream" : `is assigned stream ${assigned}`;
  throw new InternalError(
    `Worker ${worker} asks for a split of stream ${stream} of the tf.data snapshot at ${path}, but it ${fact} of it ` +
      `(the snapshot is ${state.mode})`,
  );
}
