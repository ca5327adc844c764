/** What is known of one snapshot: who writes which stream, and which splits were given to it. */

/** One worker's part of a snapshot. */
export interface Stream {
  /** The address of the worker that writes it. No other worker ever takes it over: two would write the same files. */
  readonly owner: string;
  /** Whether its worker has written all of it. */
  done: boolean;
  /** How many splits it got of each source, over all repetitions. */
  readonly numSplits: number[];
}

/** A source whose splits are given out in their order, again and again. */
export interface SourceState {
  /** The pass over the source whose splits are being given out. */
  repetition: number;
  /** The first index that no stream has got in this repetition. */
  next: number;
}

/**
 * - `active`: workers that come get streams.
 * - `windingDown`: a stream is done, so that every source is at its end; those that have streams finish them.
 * - `done`: all streams are done.
 * - `failed`: a worker reported an error; what others still write counts for nothing.
 */
export type Mode = "active" | "windingDown" | "done" | "failed";

/** A snapshot. */
export interface SnapshotState {
  mode: Mode;
  readonly sources: SourceState[];
  /** By their numbers. */
  readonly streams: Map<number, Stream>;
  /** How many splits were given out over all streams and sources. */
  numSplits: number;
}

/** A snapshot that nobody writes yet. */
export function createSnapshotState(numSources: number): SnapshotState {
  return {
    mode: "active",
    sources: Array.from({ length: numSources }, () => ({ repetition: 0, next: 0 })),
    streams: new Map(),
    numSplits: 0,
  };
}
