/** A dispatcher's snapshots over a disk in memory, and workers that write them as TensorFlow's do. */

import { create } from "@bufbuild/protobuf";
import { FakeClock, silentLog } from "../../../src/base/mod.ts";
import { DatasetDefSchema } from "../../../src/gen/tensorflow/data/common_pb.ts";
import { DistributedSnapshotMetadataSchema } from "../../../src/gen/tensorflow/data/experimental/snapshot_pb.ts";
import type { SnapshotDescription } from "../../../src/tensorflow/snapshots/description.ts";
import {
  type SnapshotBook,
  Snapshots,
  type StreamReport,
  type StreamTask,
} from "../../../src/tensorflow/snapshots/snapshots.ts";
import type { SplitSource } from "../../../src/tensorflow/snapshots/split_source.ts";
import { readSplitFile } from "../../../src/tensorflow/snapshots/read_split_file.ts";
import { MemoryDurableFiles } from "../../support/memory_durable_files.ts";

/** A source of `count` splits that are their indexes as text. */
export function indexSource(count: number): SplitSource {
  return { count, isFinal: true, split: (index) => new TextEncoder().encode(String(index)) };
}

/** A definition that names how many splits each source has, for {@linkcode sourcesOf}. */
export function describe(...counts: number[]): SnapshotDescription {
  return {
    dataset: create(DatasetDefSchema, { graph: new Uint8Array(counts) }),
    metadata: create(DistributedSnapshotMetadataSchema, {
      elementSpec: new Uint8Array([0, 34, 92, 200, 10]),
      compression: "SNAPPY",
    }),
  };
}

/** The sources of such a definition. */
export function sourcesOf(graph: Uint8Array): SplitSource[] {
  return [...graph].map(indexSource);
}

/** Keeps the list of snapshots on the disk, in one step each. */
export class DiskBook implements SnapshotBook {
  readonly #disk: MemoryDurableFiles;
  readonly begun = new Set<string>();
  readonly ended = new Set<string>();

  /** Knows what the disk knows. */
  constructor(disk: MemoryDurableFiles) {
    this.#disk = disk;
    for (const path of disk.paths()) {
      const [, kind, name] = /^\/book\/(begun|ended)\/(.*)$/.exec(path) ?? [];
      if (kind) this[kind as "begun" | "ended"].add(decodeURIComponent(name));
    }
  }

  async begin(path: string): Promise<void> {
    await this.#step(() => {
      this.#set("ended", path, false);
      this.#set("begun", path, true);
    });
  }

  async end(path: string): Promise<void> {
    await this.#step(() => {
      this.#set("begun", path, false);
      this.#set("ended", path, true);
    });
  }

  async forget(path: string): Promise<void> {
    await this.#step(() => this.#set("begun", path, false));
  }

  /** A journal that fails ends the dispatcher: a step of it fails only if the process dies. */
  async #step(change: () => void): Promise<void> {
    if (this.#disk.fault?.dies) await this.#disk.syncDirectory("/book");
    change();
  }

  #set(kind: "begun" | "ended", path: string, isIn: boolean): void {
    const file = `/book/${kind}/${encodeURIComponent(path)}`;
    if (isIn) this.#disk.put(file);
    else this.#disk.drop(file);
    this[kind][isIn ? "add" : "delete"](path);
  }
}

/** A dispatcher that starts over a disk. */
export async function startSnapshots(
  disk: MemoryDurableFiles,
  { maxStreamsPerWorker = 3, clock = new FakeClock() } = {},
): Promise<Snapshots> {
  const snapshots = new Snapshots({
    book: new DiskBook(disk),
    files: disk,
    clock,
    log: silentLog,
    maxStreamsPerWorker,
    rootOf: (path) => path,
    sourcesOf,
  });
  await snapshots.recover();
  return snapshots;
}

/** A disk with the directory in which snapshots are made. */
export function newDisk(): MemoryDurableFiles {
  const disk = new MemoryDurableFiles();
  disk.put("/data/readme");
  return disk;
}

/** Where a pass over a source stands. */
interface Pass {
  repetition: number;
  /** How many splits the stream had of the source when the worker began anew, over all repetitions. */
  next: number;
  over: boolean;
}

/** What a worker writes of one stream: its splits by source and repetition. */
export class StreamWriter {
  readonly task: StreamTask;
  #disk: MemoryDurableFiles;
  readonly #worker: string;
  readonly #passes: Pass[];
  /** Splits as `source/repetition/value`, in the order in which they were got. */
  readonly got: string[] = [];
  isDone = false;

  /** Begins at the beginning, as a worker without a checkpoint does. */
  constructor(disk: MemoryDurableFiles, worker: string, task: StreamTask) {
    this.#disk = disk;
    this.#worker = worker;
    this.task = task;
    this.#passes = Array.from({ length: task.numSources }, () => ({ repetition: 0, next: 0, over: false }));
  }

  /** Goes on over what is the disk now. */
  on(disk: MemoryDurableFiles): void {
    this.#disk = disk;
  }

  /** Gets one split of each source; when all are at their ends, begins the next repetition or is done. */
  async step(snapshots: Snapshots, numRepetitions: number): Promise<void> {
    if (this.isDone) return;
    for (const source of this.#passes.keys()) await this.#pull(snapshots, source);
    if (!this.#passes.every(({ over }) => over)) return;
    if (this.#passes[0].repetition + 1 < numRepetitions) {
      for (const pass of this.#passes) Object.assign(pass, { repetition: pass.repetition + 1, over: false });
      return;
    }
    const { path, stream } = this.task;
    this.#disk.put(`${path}/streams/stream_${stream}/DONE`);
    this.isDone = true;
  }

  async #pull(snapshots: Snapshots, source: number): Promise<void> {
    const pass = this.#passes[source];
    if (pass.over || await this.#takeFromFile(source, pass)) return;
    const { path, stream } = this.task;
    const request = { worker: this.#worker, stream, source, repetition: pass.repetition };
    const { split, local } = await snapshots.split(path, request, () => new AbortController().signal);
    if (split !== null || local !== pass.next) {
      // Also where answers were lost: the files hold what they said.
      if (await this.#takeFromFile(source, pass)) return;
      throw new Error(`Split ${pass.next} is not on the disk, and the dispatcher has given ${local}`);
    }
    pass.over = true;
  }

  /** Takes the stream's next split if its file is there; one of a later repetition is the end of this one. */
  async #takeFromFile(source: number, pass: Pass): Promise<boolean> {
    const { path, stream } = this.task;
    const prefix = `${path}/streams/stream_${stream}/splits/source_${source}/repetition_`;
    const file = this.#disk.paths().find((name) =>
      name.startsWith(prefix) && name.includes(`/split_${pass.next}_`)
    );
    if (!file) return false;
    const repetition = parseInt(file.slice(prefix.length));
    if (repetition > pass.repetition) pass.over = true;
    else {
      // A look at the disk that survives the dispatcher's.
      const split = await readSplitFile(new MemoryDurableFiles(this.#disk), file);
      this.got.push(`${source}/${repetition}/${new TextDecoder().decode(split)}`);
      pass.next++;
    }
    return true;
  }
}

/** A worker that writes what its heartbeats tell it to write. */
export class SnapshotWorker {
  readonly address: string;
  #disk: MemoryDurableFiles;
  #writers: StreamWriter[] = [];

  /** A process without anything. */
  constructor(disk: MemoryDurableFiles, address: string) {
    this.#disk = disk;
    this.address = address;
  }

  /** Goes on over what is the disk now. */
  on(disk: MemoryDurableFiles): void {
    this.#disk = disk;
    for (const writer of this.#writers) writer.on(disk);
  }

  /** How many streams it is writing. */
  get numActive(): number {
    return this.#writers.filter(({ isDone }) => !isDone).length;
  }

  async heartbeat(snapshots: Snapshots): Promise<void> {
    const reports: StreamReport[] = this.#writers.map(({ task, isDone }) => ({
      path: task.path,
      stream: task.stream,
      completed: isDone,
      error: null,
    }));
    const tasks = await snapshots.heartbeat(this.address, reports);
    const key = ({ path, stream }: StreamTask) => `${path} ${stream}`;
    const wanted = new Map(tasks.map((task) => [key(task), task]));
    this.#writers = this.#writers.filter(({ task }) => wanted.delete(key(task)));
    for (const task of wanted.values()) this.#writers.push(new StreamWriter(this.#disk, this.address, task));
  }

  async step(snapshots: Snapshots, numRepetitions = 1): Promise<void> {
    for (const writer of this.#writers) await writer.step(snapshots, numRepetitions);
  }
}

/** The splits that the streams of a snapshot got, as `source/repetition/value`. */
export async function splitsOnDisk(disk: MemoryDurableFiles, path: string): Promise<string[]> {
  const name = /\/streams\/stream_\d+\/splits\/source_(\d+)\/repetition_(\d+)\/split_\d+_\d+$/;
  const files = disk.paths().filter((file) => file.startsWith(`${path}/`) && name.test(file));
  const splits = await Promise.all(files.map(async (file) => {
    const [, source, repetition] = name.exec(file)!;
    return `${source}/${repetition}/${new TextDecoder().decode(await readSplitFile(disk, file))}`;
  }));
  return splits.sort();
}
