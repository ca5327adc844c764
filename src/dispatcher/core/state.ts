/** What the dispatcher knows: a fold over {@linkcode Update}s. Whoever is not `apply` sees a {@linkcode StateView}. */

import type { DeepReadonly } from "./deep_readonly.ts";
import { createRecent, type Recent } from "./recent.ts";
import type { Recovery } from "./recovery.ts";
import type { Repetitions } from "./repetitions.ts";
import type { Rests } from "./rests.ts";
import type { CoordinatedRounds } from "./rounds.ts";
import type { Takings } from "./takings.ts";
import type { TaskNotes } from "./task_notes.ts";
import type { DatasetMetadata, SourceDescription, TransferServer, Weakness } from "./updates.ts";
import { WatchedMap } from "./watched_map.ts";

/** Which workers the readers of a job read from. */
export type TargetWorkers = "AUTO" | "ANY" | "LOCAL";

/**
 * What a job promises for the source elements of each of its iterations.
 *
 * - `exactly-once`: each is visited once, over all workers.
 * - `at-most-once`: none is visited twice, but some may be lost: a worker went with splits in its hands.
 * - `none`: elements may be lost or visited again, and with sharding OFF each worker visits all of them.
 */
export type Guarantee = "exactly-once" | "at-most-once" | "none";

/** A registered dataset. */
export interface Dataset {
  id: string;
  format: string;
  graph: Uint8Array;
  fingerprint: string;
  metadata: DatasetMetadata;
  /** Whether its elements travel uncompressed although it is registered otherwise. @default not decided */
  compressionDisabled?: boolean;
  /** Whether whoever registered it does so again where it is not found: then it may be forgotten. */
  renewable: boolean;
  /** How many iterations read it. */
  uses: number;
  /** Since when none does, if none does. */
  idleSince: number;
}

/** A worker, by its advertised address. */
export interface Worker {
  address: string;
  /** Distinguishes the processes that ran under the address. */
  uid: string;
  tags: string[];
  formats: string[];
  /** Where readers of TensorFlow's protocol get its elements. @default nowhere */
  transferServers?: TransferServer[];
  slot: number | null;
  /** Since when it counts as lost; null: it is there. */
  lostAt: number | null;
  /** Whether somebody asked for its end: it gets no tasks any more. @default no */
  draining?: true;
  /** The tasks that it should have: those that run, and ended ones whose readers may still ask for the end. */
  tasks: Set<number>;
}

/** A named or anonymous intent to process a dataset. */
export interface Job {
  id: number;
  name: string;
  /** Whether the name is the readers': others may join under it. */
  named: boolean;
  datasetId: string;
  policy: number;
  numConsumers: number | null;
  useCrossTrainerCache: boolean;
  targetWorkers: TargetWorkers;
  guarantee: Guarantee;
  /** What keeps a dynamically sharded job from being exactly-once through the loss of a worker; null: nothing. */
  weakness: Weakness | null;
  /** Iterations by repetition. */
  iterations: Map<number, number>;
  /** Repetitions that have been read to their end, whether or not anything else is kept of them. */
  finished: Repetitions;
  /** Elements of coordinated reads that did not make a full round, over all iterations. */
  numDropped: number;
  /** What workers noted about the tasks that have ended, over all iterations; missing: nothing. */
  notes?: TaskNotes;
  /** Since when it has no iterations, if it has none. */
  idleSince: number;
}

/** A source of a dynamically sharded iteration. */
export interface Source {
  description: SourceDescription;
  /** The pass over the source whose splits are being given out. */
  repetition: number;
  /** The first index that no task has got in this repetition. */
  next: number;
  /** Whether splits of it went to workers that named no task, so that any of them may hold some. @default no */
  anonymous?: true;
  /** Before this index splits of the repetition may go out before the note of it is durable. @default 0 */
  reserved?: number;
  /** What lost tasks leased and no reader got: it is leased again before anything else. */
  pending: Rests;
  /** What readers that came with checkpoints have already, of what is not leased yet. */
  excluded: Takings;
  /** Whether nothing but `pending` is given out. @default no */
  closed?: true;
}

/** One pass over a job. */
export interface Iteration {
  id: number;
  /** Names it among the iterations of all dispatchers; see `iteration_key.ts`. */
  key: string;
  jobId: number;
  /** What it reads; null where the pass was over before it was made. */
  datasetId: string | null;
  repetition: number;
  /** Empty unless dynamically sharded, and when finished. */
  sources: Source[];
  /** Its tasks in the order of their making; those of workers that went are not among them. */
  tasks: Set<number>;
  /** How many of `tasks` have not ended. */
  running: number;
  /** The workers whose tasks have been read to the end: they get no other, even if they went and came back. */
  completedBy: Set<string>;
  /** For coordinated reads; else null. */
  rounds: CoordinatedRounds | null;
  /** Where readers say what they consume, so that what a lost worker had can be given to others; else null. */
  recovery: Recovery | null;
  /** How many elements at its beginning its only task leaves out, for a reader that has them; null: nothing of the kind. */
  resumedAt: number | null;
  /** How many clients it has. */
  clients: number;
  /** When a client last left; null: none has. */
  lastReleasedAt: number | null;
  /** The last clients that were released for their silence, whose sessions workers are to end. @default none */
  lostClients?: Set<number>;
  finished: boolean;
  /** What workers noted about its tasks that have ended; missing: nothing. */
  notes?: TaskNotes;
  /** Grows whenever what clients are told of the tasks changes. */
  version: number;
}

/** One worker's part of one iteration. */
export interface Task {
  id: number;
  iterationId: number;
  address: string;
  /** Where readers can read it instead, the preferred first; empty until its worker has named some. */
  dataAddresses: string[];
  shard: { index: number; count: number } | null;
  finished: boolean;
  /** For coordinated reads: the first round in which it is read; null: it waits to join. Else 0. */
  startingRound: number | null;
  /** What it leased of each source; empty unless dynamically sharded, and when finished. */
  leases: TaskLeases[];
  /** Whether it gets only what is leased again. @default no */
  restOnly?: true;
}

/** What a task has of one source. */
export interface TaskLeases {
  /** What it leased and no reader has got, as far as readers say what they have. */
  rests: Rests;
  /** Answers to the task's latest requests, oldest first: a repeated request gets the same one. */
  answers: LeaseAnswer[];
  /** The latest of its requests that was answered with the end. @default none was */
  ended?: number;
  /** When the task asked for the latest of them. */
  askedAt: number;
}

/** A lease, as it was answered. */
export interface LeaseAnswer {
  requestId: number;
  /** The label of the splits. */
  repetition: number;
  start: number;
  end: number;
  /** Bounds of the parts between `start` and `end` that are leased. @default all of it */
  parts?: number[];
  /** Of some indexes: bounds of the outputs that readers have already. @default none */
  taken?: Map<number, number[]>;
}

/** What a task has that has leased nothing. */
export function noLeases(): TaskLeases {
  return { rests: new Map(), answers: [], askedAt: 0 };
}

/** A reader of an iteration. */
export interface Client {
  id: number;
  iterationId: number;
  /** Whether it came when the iteration was finished already: there is nothing for it to read. */
  late: boolean;
  /** When it came. */
  since: number;
}

/** Everything. */
export interface DispatcherState {
  datasets: Map<string, Dataset>;
  /** Definitions by fingerprint: datasets with equal ones share the bytes. */
  definitions: Map<string, Uint8Array>;
  /** How many datasets have each definition. */
  definitionUses: Map<string, number>;
  /** Renewable datasets that no iteration reads, the longest idle first. */
  idleDatasets: Set<string>;
  workers: Map<string, Worker>;
  jobs: Map<number, Job>;
  jobsByName: Map<string, number>;
  /** Jobs without iterations, the longest idle first. */
  idleJobs: { named: Set<number>; unnamed: Set<number> };
  iterations: Map<number, Iteration>;
  /** Iterations that are not finished: what a new worker gets tasks of. */
  unfinished: Set<number>;
  /** Those of them whose consumers are coordinated. */
  coordinated: Set<number>;
  /** Those of them that need another task, which is made as soon as there is a worker for it. */
  needy: Set<number>;
  /** Unfinished iterations whose clients have left, the longest idle first. */
  abandoned: Set<number>;
  /** Finished iterations without clients, the longest idle first. */
  idle: Set<number>;
  tasks: Map<number, Task>;
  clients: Map<number, Client>;
  /** Paths of snapshots that are being written, and of the latest that are over, the oldest first. */
  snapshots: { begun: Set<string>; ended: Set<string> };
  /** The time since the machine was started in which the latest updates were made; null: not known. */
  boot: string | null;
  /** What recent request ids led to. */
  requests: { datasets: Recent<string>; jobs: Recent<number>; clients: Recent<number> };
  /** The next free id of each kind. */
  next: { dataset: number; iteration: number; client: number; task: number; job: number };
}

/** The state as everybody but `apply` sees it. */
export type StateView = DeepReadonly<DispatcherState>;

/**
 * The state before anything happened. Ids of a kind begin at its thousand, so that a log line shows what is meant. What
 * there may be a hundred thousand of, and is changed in place, is in maps that can be watched.
 */
export function createState(): DispatcherState {
  return {
    datasets: new WatchedMap(),
    definitions: new Map(),
    definitionUses: new Map(),
    idleDatasets: new Set(),
    workers: new WatchedMap(),
    jobs: new WatchedMap(),
    jobsByName: new Map(),
    idleJobs: { named: new Set(), unnamed: new Set() },
    iterations: new WatchedMap(),
    unfinished: new Set(),
    coordinated: new Set(),
    needy: new Set(),
    abandoned: new Set(),
    idle: new Set(),
    tasks: new WatchedMap(),
    clients: new WatchedMap(),
    snapshots: { begun: new Set(), ended: new Set() },
    boot: null,
    requests: { datasets: createRecent(), jobs: createRecent(), clients: createRecent() },
    next: { dataset: 1000, iteration: 2000, client: 3000, task: 4000, job: 5000 },
  };
}
