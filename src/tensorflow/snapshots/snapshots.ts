/** All snapshots of a dispatcher. */

import {
  AlreadyExistsError,
  type Clock,
  type DurableFiles,
  errorFromCode,
  InternalError,
  InvalidArgumentError,
  type Log,
  messageOf,
  SluiceError,
  type SluiceErrorCode,
} from "../../base/mod.ts";
import { checkNumberOfStreams, isBeingWritten, offerFor } from "./core/load_balance.ts";
import { parseStreamName } from "./core/names.ts";
import type { SplitRequest } from "./core/splits.ts";
import { readDescription, type SnapshotDescription, writeDescription } from "./description.ts";
import { asideDirectory, doneFile, errorFile, prefetchDirectory } from "./layout.ts";
import { readStreams } from "./read_streams.ts";
import { Snapshot, type SplitReply, type WorkerError } from "./snapshot.ts";
import type { SplitSource } from "./split_source.ts";

/** Where it is kept which snapshots there are; all else stands in their directories. */
export interface SnapshotBook {
  /** Paths of snapshots that were begun. */
  readonly begun: ReadonlySet<string>;
  /** Paths of snapshots that are over, successfully or not. */
  readonly ended: ReadonlySet<string>;
  /** Keeps that a snapshot was begun; durable when it resolves. */
  begin(path: string): Promise<void>;
  /** Keeps that one is over. */
  end(path: string): Promise<void>;
  /** Forgets one. */
  forget(path: string): Promise<void>;
}

/** What snapshots are made of. */
export interface SnapshotsOptions {
  /** Null: nothing outlives the dispatcher, so that no snapshot can be begun. */
  book: SnapshotBook | null;
  files: DurableFiles;
  clock: Clock;
  log: Log;
  /** How many streams a worker writes at a time. */
  maxStreamsPerWorker: number;
  /** The directory on this machine that a path means. @throws {InvalidArgumentError} if there is none */
  rootOf(path: string): string;
  /** The sources of a definition. Throws, naming the operator, where a dataset cannot be divided. */
  sourcesOf(graph: Uint8Array): readonly SplitSource[];
}

/** How far a worker is with a stream. */
export interface StreamReport {
  readonly path: string;
  readonly stream: number;
  readonly completed: boolean;
  /** Null: all is well. */
  readonly error: WorkerError | null;
}

/** A stream that a worker should be writing. */
export interface StreamTask {
  readonly path: string;
  readonly stream: number;
  readonly numSources: number;
  readonly metadata: SnapshotDescription["metadata"];
}

/** How a stream stands: it is whole, its worker is there, or is gone and must come back under its address. */
export type StreamState = "done" | "assigned" | "orphan";

/** All snapshots. Methods other than {@linkcode Snapshots.recover} are called once that has resolved. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  /** Those that are being written. */
  readonly #snapshots = new Map<string, Snapshot>();
  /** Paths of those that are being begun. */
  readonly #beginning = new Set<string>();

  /** Knows none yet. */
  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /**
   * Takes up all snapshots that an earlier process began and did not end.
   *
   * @throws the error of the first that cannot be taken up: whoever goes on without it would lose it silently
   */
  async recover(): Promise<void> {
    const { book, maxStreamsPerWorker } = this.#options;
    if (!book) return;
    const recovered = await Promise.all([...book.begun].map((path) => this.#recoverOne(path)));
    for (const snapshot of recovered) if (snapshot) this.#snapshots.set(snapshot.path, snapshot);
    checkNumberOfStreams(this.#states(), maxStreamsPerWorker);
    await Promise.all([...this.#snapshots.values()].map((snapshot) => this.#settle(snapshot)));
  }

  async #recoverOne(path: string): Promise<Snapshot | null> {
    const root = this.#options.rootOf(path);
    try {
      return await this.#takeUp(path, root);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      // Without a way out the dispatcher could not start ever again.
      const way = `To give this snapshot up, make an empty file ${errorFile(root)}`;
      throw errorFromCode(error.code as SluiceErrorCode, `${error.message.replace(/\.$/, "")}. ${way}`, {
        cause: error,
      });
    }
  }

  async #takeUp(path: string, root: string): Promise<Snapshot | null> {
    const { book, files, clock, log, sourcesOf } = this.#options;
    if (!await files.exists(root)) {
      if (!await files.exists(asideDirectory(root))) {
        throw new InternalError(
          `Failed to recover tf.data snapshot at ${path}: the snapshot path doesn't exist.`,
        );
      }
      // The process that began it died between keeping so and giving the directory its name.
      await files.rename(asideDirectory(root), root);
    }
    if (await files.exists(doneFile(root)) || await files.exists(errorFile(root))) {
      await book!.end(path);
      return null;
    }
    // What the process that died had written ahead may be cut short.
    await files.remove(prefetchDirectory(root));
    const description = await readDescription(files, root);
    const sources = sourcesOf(description.dataset.graph);
    return await Snapshot.recover({ path, root, files, description, sources, clock, log });
  }

  /**
   * Begins a snapshot; workers get streams of it with their heartbeats.
   *
   * @throws {InvalidArgumentError} where nothing outlives the dispatcher, or for a path of no directory
   * @throws {AlreadyExistsError} for a path that is in use
   */
  async begin(path: string, description: SnapshotDescription): Promise<void> {
    const { book, files, rootOf, sourcesOf, clock, log } = this.#options;
    if (!book) {
      throw new InvalidArgumentError(
        "tf.data distributed snapshot requires running tf.data service in the fault tolerant mode.",
      );
    }
    const root = rootOf(path);
    const isThere = book.ended.has(path) && await files.exists(root);
    // A snapshot that was removed after it had ended can be written again.
    if (this.#beginning.has(path) || book.begun.has(path) || isThere) {
      throw new AlreadyExistsError(`tf.data snapshot at ${path} is already started or completed`);
    }
    this.#beginning.add(path);
    try {
      if (await files.exists(root)) {
        throw new AlreadyExistsError(`tf.data snapshot at ${path} already exists.`);
      }
      const sources = sourcesOf(description.dataset.graph);
      await this.#make(path, root, description);
      this.#snapshots.set(path, new Snapshot({ path, root, files, description, sources, clock, log }));
    } finally {
      this.#beginning.delete(path);
    }
  }

  /** The directory gets its name as a whole, after it is kept that there is a snapshot: whenever a crash comes, a client that asks again gets an answer that is true. */
  async #make(path: string, root: string, description: SnapshotDescription): Promise<void> {
    const { book, files } = this.#options;
    const aside = asideDirectory(root);
    await files.remove(aside); // A crash may have left one.
    await writeDescription(files, aside, description);
    await files.syncDirectory(aside.slice(0, aside.lastIndexOf("/")) || "/");
    await book!.begin(path);
    try {
      await files.rename(aside, root);
    } catch (error) {
      // It may have happened all the same, as over a network.
      if (!await files.exists(aside)) return;
      await book!.forget(path);
      throw error;
    }
  }

  /** Takes a worker's reports and tells which streams it should be writing; durable when it resolves. */
  async heartbeat(worker: string, reports: readonly StreamReport[]): Promise<StreamTask[]> {
    if (this.#snapshots.size === 0) return [];
    for (const { path, stream, completed, error } of reports) {
      const snapshot = this.#snapshots.get(path);
      if (!snapshot) continue;
      if (error) snapshot.fail(worker, stream, error);
      else if (completed) snapshot.complete(worker, stream);
    }
    await Promise.all([...this.#snapshots.values()].map((snapshot) => this.#settle(snapshot)));
    const offer = offerFor(this.#states(), worker, this.#options.maxStreamsPerWorker);
    if (offer !== null) await this.#assign(this.#snapshots.get(offer)!, worker);
    const tasks: StreamTask[] = [];
    for (const snapshot of this.#snapshots.values()) {
      if (!isBeingWritten(snapshot.state)) continue;
      const stream = await snapshot.streamOf(worker);
      if (stream === null) continue;
      const isWriting = reports.some((report) => report.path === snapshot.path && report.stream === stream);
      if (!snapshot.isSilent(stream, isWriting)) tasks.push(taskOf(snapshot, stream));
    }
    return tasks;
  }

  /** A full disk keeps a worker from getting a stream, and from nothing else. */
  async #assign(snapshot: Snapshot, worker: string): Promise<void> {
    try {
      await snapshot.assign(worker);
    } catch (error) {
      this.#warn("Cannot give a worker a stream of a snapshot", snapshot, error);
    }
  }

  async #settle(snapshot: Snapshot): Promise<void> {
    try {
      await snapshot.settle();
      if (!snapshot.isEnded || !this.#snapshots.delete(snapshot.path)) return;
      await this.#options.book!.end(snapshot.path);
    } catch (error) {
      // The next heartbeat tries again; after a crash the directory tells.
      this.#warn("Cannot end a snapshot", snapshot, error);
    }
  }

  #warn(message: string, { path }: Snapshot, error: unknown): void {
    this.#options.log.warn(`${message}: ${messageOf(error)}`, { snapshot: path });
  }

  /**
   * The next split of a stream.
   *
   * @throws {InvalidArgumentError} for a path of no snapshot
   * @throws {InternalError} if the stream is not this worker's
   */
  async split(path: string, request: SplitRequest, signal: () => AbortSignal): Promise<SplitReply> {
    const snapshot = this.#snapshots.get(path);
    if (snapshot) return await snapshot.split(request, signal);
    if (!this.#options.book?.ended.has(path)) throw unknownPath("split", path);
    throw new InternalError(
      `Cannot get a split of stream ${request.stream} of the tf.data snapshot at ${path}: the snapshot is over`,
    );
  }

  /**
   * How the streams of a snapshot stand, by their numbers.
   *
   * @throws {InvalidArgumentError} for a path of no snapshot
   */
  async streams(path: string, isLost: (worker: string) => boolean): Promise<Map<number, StreamState>> {
    const { book, files, rootOf } = this.#options;
    const states = new Map<number, StreamState>();
    const snapshot = this.#snapshots.get(path);
    if (snapshot) {
      for (const [index, { owner, done }] of snapshot.state.streams) {
        states.set(index, done ? "done" : isLost(owner) ? "orphan" : "assigned");
      }
      return states;
    }
    if (!book?.ended.has(path)) throw unknownPath("streams", path);
    for (const { name, owner, done } of await readStreams(files, rootOf(path))) {
      if (owner !== null) states.set(parseStreamName(path, name), done ? "done" : "orphan");
    }
    return states;
  }

  #states() {
    return new Map([...this.#snapshots].map(([path, { state }]) => [path, state]));
  }
}

function taskOf({ path, state, description }: Snapshot, stream: number): StreamTask {
  return { path, stream, numSources: state.sources.length, metadata: description.metadata };
}

function unknownPath(what: string, path: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `Cannot get ${what} of a tf.data snapshot: the dispatcher does not know of a snapshot at ${path}`,
  );
}
