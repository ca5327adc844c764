/** One snapshot: its state, and the directory that is the record of it. */

import { type Clock, type DurableFiles, type Log, messageOf, writeWhole } from "../../base/mod.ts";
import { type RecoveredSnapshot, recoverSnapshot, type SplitFile } from "./core/recover.ts";
import { SilentStreams } from "./core/silent_streams.ts";
import { nextSplit, type SplitDecision, type SplitRequest, takeSplit } from "./core/splits.ts";
import { createSnapshotState, type SnapshotState } from "./core/state.ts";
import { addStream, completeStream, nextStream, streamOf } from "./core/streams.ts";
import { type SnapshotDescription } from "./description.ts";
import {
  doneFile,
  errorFile,
  ownerFile,
  prefetchDirectory,
  repetitionDirectory,
  splitName,
  streamDirectory,
} from "./layout.ts";
import { PrefetchedSplits } from "./prefetched_splits.ts";
import { readPatience } from "./read_patience.ts";
import { readSplitFile } from "./read_split_file.ts";
import { readStreams } from "./read_streams.ts";
import type { SplitSource } from "./split_source.ts";
import { writeTextProto } from "./text_proto.ts";

/** What a snapshot is made of. */
export interface SnapshotOptions {
  /** Its name to workers and readers. */
  path: string;
  /** Its directory on this machine. */
  root: string;
  files: DurableFiles;
  description: SnapshotDescription;
  sources: readonly SplitSource[];
  clock: Clock;
  log: Log;
}

/** A split for a worker, or the end of the repetition. */
export interface SplitReply {
  /** The split as an encoded tensor; null: the end. */
  readonly split: Uint8Array | null;
  /** The split's place among those of the stream and source; at the end, how many there are. */
  readonly local: number;
}

/** Why a worker could not go on. */
export interface WorkerError {
  /** The name of a status code, such as "INVALID_ARGUMENT". */
  readonly code: string;
  readonly message: string;
}

/**
 * A snapshot that is being written. What is decided is made durable before anybody sees it, one split after the
 * other: a file for a split is there only if those of all splits before it are.
 */
export class Snapshot {
  readonly path: string;
  readonly state: SnapshotState;
  readonly description: SnapshotDescription;
  readonly #root: string;
  readonly #files: DurableFiles;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #sources: readonly SplitSource[];
  readonly #prefetched: readonly PrefetchedSplits[];
  readonly #silent: SilentStreams;
  /** Streams whose directories are being made. */
  readonly #making = new Map<number, Promise<void>>();
  /** Directories of repetitions that are there. */
  readonly #directories = new Set<string>();
  /** Ends when every decision about splits so far is durable or has failed. */
  #lastSplit: Promise<unknown> = Promise.resolve();
  /** A split of which it is not known whether it was given: the renaming of its file failed. */
  #doubt: { request: SplitRequest; split: SplitDecision & { kind: "split" } } | null = null;
  #error: WorkerError | null = null;
  #ending: Promise<void> | null = null;
  #isEnded = false;

  /** Takes up a snapshot whose directory is there and nobody has worked on yet. */
  constructor(
    options: SnapshotOptions,
    state = createSnapshotState(options.sources.length),
    patience: ReadonlyMap<number, number> = new Map(),
  ) {
    const { path, root, files, description, sources, clock, log } = options;
    this.path = path;
    this.state = state;
    this.description = description;
    this.#root = root;
    this.#files = files;
    this.#clock = clock;
    this.#log = log;
    this.#silent = new SilentStreams(patience);
    this.#sources = sources;
    this.#prefetched = sources.map((source, index) =>
      new PrefetchedSplits({ files, directory: `${prefetchDirectory(root)}/source_${index}`, source })
    );
  }

  /**
   * Takes up a snapshot that an earlier process worked on, as its directory says.
   *
   * @throws {InternalError | InvalidArgumentError} for a directory that does not fit the dataset or itself
   */
  static async recover(options: SnapshotOptions): Promise<Snapshot> {
    const { path, root, files, sources } = options;
    const listing = await readStreams(files, root);
    const recovered = recoverSnapshot(listing, { path, numSources: sources.length });
    await restoreSources(options, recovered);
    return new Snapshot(options, recovered.state, await readPatience(files, root, recovered));
  }

  /** Whether its end is on the disk: nothing is left to do. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The stream that a worker should be writing, by its number; durable when it resolves. */
  async streamOf(worker: string): Promise<number | null> {
    const stream = streamOf(this.state, worker);
    if (stream !== null) await this.#making.get(stream);
    return stream;
  }

  /** Whether a worker should end its stream and begin it again with the next heartbeat, as it has gone silent. */
  isSilent(stream: number, isWriting: boolean): boolean {
    if (!this.#silent.heartbeat(stream, { isWriting, now: this.#clock.now() })) return false;
    this.#log.warn(
      "A worker has gone silent over a restart of the dispatcher: it begins its stream again from its checkpoint",
      { snapshot: this.path, stream },
    );
    return true;
  }

  /** Gives a stream to a worker that has none; durable when it resolves. */
  async assign(worker: string): Promise<number> {
    const stream = nextStream(this.state);
    // At once, so that nobody else gets the number and the worker counts; nobody is told before it is durable.
    addStream(this.state, stream, worker);
    const making = this.#makeStream(stream, worker);
    this.#making.set(stream, making);
    try {
      await making;
    } catch (error) {
      this.state.streams.delete(stream);
      throw error;
    } finally {
      this.#making.delete(stream);
    }
    return stream;
  }

  async #makeStream(stream: number, worker: string): Promise<void> {
    const directory = streamDirectory(this.#root, stream);
    for (const source of this.#sources.keys()) await this.#makeRepetition(stream, { source, repetition: 0 });
    // The last: without it the stream is nobody's.
    await writeWhole(this.#files, ownerFile(directory), new TextEncoder().encode(worker));
  }

  async #makeRepetition(
    stream: number,
    pass: { source: number; repetition: number },
  ): Promise<string> {
    const directory = repetitionDirectory(streamDirectory(this.#root, stream), pass);
    if (!this.#directories.has(directory)) {
      await this.#files.makeDirectory(directory);
      this.#directories.add(directory);
    }
    return directory;
  }

  /** A worker has written all of its stream. */
  complete(worker: string, stream: number): void {
    if (streamOf(this.state, worker) === stream) completeStream(this.state, stream);
  }

  /** A worker cannot go on with its stream: the snapshot has failed. The first error counts. */
  fail(worker: string, stream: number, error: WorkerError): void {
    if (streamOf(this.state, worker) !== stream) return;
    if (this.state.mode === "done" || this.state.mode === "failed") return;
    this.state.mode = "failed";
    this.#error = error;
    this.#log.warn("A worker could not write its stream of a snapshot", {
      snapshot: this.path,
      worker,
      stream,
      error: `${error.code}: ${error.message}`,
    });
  }

  /** Writes DONE or ERROR if it is time for them. What fails is tried again with the next call. */
  async settle(): Promise<void> {
    if (this.#isEnded || (this.state.mode !== "done" && this.state.mode !== "failed")) return;
    this.#ending ??= this.#end().finally(() => this.#ending = null);
    await this.#ending;
  }

  async #end(): Promise<void> {
    if (this.state.mode === "failed") {
      const { code, message } = this.#error!;
      const text = writeTextProto([["code", { enumName: code }], ["message", message]]);
      await writeWhole(this.#files, errorFile(this.#root), text);
    } else {
      await writeWhole(this.#files, doneFile(this.#root), new Uint8Array());
    }
    this.#isEnded = true;
    await this.#lastSplit;
    await Promise.all(this.#prefetched.map((splits) => splits.settled()));
    await this.#files.remove(prefetchDirectory(this.#root)).catch((error) => {
      this.#log.warn(`Left splits that nobody needs behind: ${messageOf(error)}`, { snapshot: this.path });
    });
  }

  /** The next split for a worker; durable when it resolves. Waits, until the signal is aborted, where there is none yet. */
  async split(request: SplitRequest, signal: () => AbortSignal): Promise<SplitReply> {
    this.#silent.asked(request.stream, this.#clock.now());
    while (true) {
      const reply = await this.#inTurn(() => this.#giveSplit(request));
      if (reply) return reply;
      await this.#sources[request.source].grow!(signal());
    }
  }

  async #inTurn<T>(job: () => Promise<T>): Promise<T> {
    const turn = this.#lastSplit.then(job);
    this.#lastSplit = turn.catch(() => {});
    return await turn;
  }

  async #giveSplit(request: SplitRequest): Promise<SplitReply | null> {
    await this.#resolveDoubt();
    const split = nextSplit(this.state, request, { path: this.path, counts: this.#sources });
    if (split.kind === "wait") return null;
    const { stream, source } = request;
    if (split.kind === "end") return { split: null, local: split.local };
    const directory = await this.#makeRepetition(stream, request);
    try {
      await this.#prefetched[source].moveTo(
        split.index,
        `${directory}/${splitName(split.local, split.global)}`,
      );
    } catch (error) {
      this.#doubt = { request, split };
      throw error;
    }
    takeSplit(this.state, request, split);
    return { split: this.#sources[source].split(split.index), local: split.local };
  }

  /** A renaming that failed may have happened all the same, as over a network: then the split is the stream's. */
  async #resolveDoubt(): Promise<void> {
    if (!this.#doubt) return;
    const { request, split } = this.#doubt;
    const directory = repetitionDirectory(streamDirectory(this.#root, request.stream), request);
    const wasGiven = await this.#files.exists(`${directory}/${splitName(split.local, split.global)}`);
    this.#doubt = null;
    if (wasGiven) takeSplit(this.state, request, split);
  }
}

/** Sources that find their splits on the way have to give those out first that were given out before. */
async function restoreSources(
  { root, files, sources }: SnapshotOptions,
  { splits }: RecoveredSnapshot,
): Promise<void> {
  for (const [index, source] of sources.entries()) {
    if (!source.restore) continue;
    const given = firstPass(splits.filter((split) => split.source === index));
    source.restore(
      await Promise.all(given.map((split) => {
        const directory = repetitionDirectory(streamDirectory(root, split.stream), split);
        return readSplitFile(files, `${directory}/${splitName(split.local, split.global)}`);
      })),
    );
  }
}

/** Of the splits of one source those of the pass that knew the most of them. */
function firstPass(splits: readonly SplitFile[]): SplitFile[] {
  const passes = Map.groupBy(splits, ({ repetition }) => repetition);
  let longest: SplitFile[] = [];
  for (const pass of passes.values()) if (pass.length > longest.length) longest = pass;
  return longest;
}
