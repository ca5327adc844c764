/** What a snapshot's directory says of it: the names of its files are the record of what was given to whom. */

import { InternalError } from "../../../base/mod.ts";
import { parseRepetitionName, parseSourceName, parseSplitName, parseStreamName } from "./names.ts";
import { createSnapshotState, type SnapshotState } from "./state.ts";
import { addStream, completeStream, streamOf } from "./streams.ts";

/** The streams of a snapshot as they lie in its directory. */
export type StreamListing = readonly {
  /** The name of its directory. */
  readonly name: string;
  /** The worker that writes it; null: it was never handed out. */
  readonly owner: string | null;
  readonly done: boolean;
  readonly sources: readonly {
    readonly name: string;
    readonly repetitions: readonly { readonly name: string; readonly splits: readonly string[] }[];
  }[];
}[];

/** Where a split lies, for whoever has to read it. */
export interface SplitFile {
  readonly stream: number;
  readonly source: number;
  readonly repetition: number;
  readonly local: number;
  readonly global: number;
}

/** A snapshot as a dispatcher that starts finds it. */
export interface RecoveredSnapshot {
  readonly state: SnapshotState;
  /** All splits that were given out, in their order. */
  readonly splits: readonly SplitFile[];
}

/**
 * Reads the state of an unfinished snapshot off its directory.
 *
 * @throws {InternalError} if a name cannot be read, a split is there twice or missing, or two streams have one worker
 * @throws {InvalidArgumentError} if the name of a split cannot be read
 */
export function recoverSnapshot(
  listing: StreamListing,
  { path, numSources }: { path: string; numSources: number },
): RecoveredSnapshot {
  const state = createSnapshotState(numSources);
  const splits: SplitFile[] = [];
  for (const entry of listing) {
    const stream = parseStreamName(path, entry.name);
    if (entry.owner === null) continue;
    checkOwner(state, { path, stream, owner: entry.owner, done: entry.done });
    addStream(state, stream, entry.owner);
    state.streams.get(stream)!.done = entry.done;
    for (const { name, repetitions } of entry.sources) {
      const source = parseSourceName(path, name);
      checkSource(path, source, numSources);
      for (const { name, splits: names } of repetitions) {
        const repetition = parseRepetitionName(path, name);
        // Also an empty one was begun, and the pass before it is over.
        state.sources[source].repetition = Math.max(state.sources[source].repetition, repetition);
        for (const name of names) splits.push({ stream, source, repetition, ...parseSplitName(path, name) });
      }
    }
  }
  splits.sort((a, b) => a.global - b.global);
  checkGlobals(path, splits);
  for (const split of splits) give(state, split, path);
  for (const [stream, { done }] of state.streams) if (done) completeStream(state, stream);
  return { state, splits };
}

function checkOwner(
  state: SnapshotState,
  { path, stream, owner, done }: { path: string; stream: number; owner: string; done: boolean },
): void {
  const other = streamOf(state, owner);
  if (other === null || done) return;
  throw new InternalError(
    `Cannot recover the tf.data snapshot at ${path}: stream ${stream} belongs to worker ${owner}. The worker is already ` +
      `assigned stream ${other}`,
  );
}

function checkSource(path: string, source: number, numSources: number): void {
  if (source < numSources) return;
  throw new InternalError(
    `Found conflict between the number of sources of the tf.data snapshot at ${path} and that of its dataset: there is ` +
      `a directory for source ${source}, and the dataset has ${numSources} sources`,
  );
}

function checkGlobals(path: string, splits: readonly SplitFile[]): void {
  const twice = splits.find(({ global }, at) => at > 0 && splits[at - 1].global === global);
  if (twice) {
    throw new InternalError(
      `Found duplicate global split index ${twice.global} in the tf.data snapshot at ${path}: one is in stream ${twice.stream}`,
    );
  }
  const missing = splits.findIndex(({ global }, at) => global !== at);
  if (missing !== -1) {
    throw new InternalError(`Found missing global split index ${missing} in the tf.data snapshot at ${path}`);
  }
}

/** Splits of a source were given out in its order, so that their number says where its present pass stands. */
function give(state: SnapshotState, split: SplitFile, path: string): void {
  const { numSplits } = state.streams.get(split.stream)!;
  if (numSplits[split.source] !== split.local) {
    throw new InternalError(
      `Found missing local split index ${
        numSplits[split.source]
      } of source ${split.source} in stream ${split.stream} ` +
        `of the tf.data snapshot at ${path}`,
    );
  }
  numSplits[split.source]++;
  state.numSplits++;
  const source = state.sources[split.source];
  if (split.repetition === source.repetition) source.next++;
}
