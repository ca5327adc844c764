/**
 * What can happen to the dispatcher's state. Updates are plain data: the journal keeps them, and the state is a
 * fold over them. Each carries the ids and times that it needs, so that replaying it asks nobody.
 */

import type { BeginSnapshot, EndSnapshot, ForgetSnapshot } from "./snapshots/updates.ts";
import type { ConsumedSource } from "../../element/mod.ts";
import type { TargetWorkers } from "./state.ts";
import type { TaskNotes } from "./task_notes.ts";

/** What whoever registered a dataset stated of it. The core compares these and hands them on; it reads none. */
export interface DatasetMetadata {
  /** Canonical bytes of the element spec: equal specs have equal bytes. Empty: not known. */
  elementSpec: Uint8Array;
  /** Number of the compression, as in the protocol. */
  compression: number;
  /** Number of elements; -1: infinite, -2: unknown. */
  cardinality: number;
}

/** What the core knows of a source whose input is split. */
export type SourceDescription =
  /** Ranges of `count` indexes; -1: endless. */
  | { kind: "indexes"; count: number }
  /** Files by their names, in the order in which they are given out. */
  | { kind: "files"; names: string[] };

/** A dataset got an id. */
export interface RegisterDataset {
  type: "registerDataset";
  datasetId: string;
  format: string;
  /** The definition; opaque. */
  graph: Uint8Array;
  /** SHA-256 of the definition: equal definitions are kept once. */
  fingerprint: string;
  metadata: DatasetMetadata;
  requestId: string | null;
  /** Whether it is registered again where it is not found. */
  renewable: boolean;
  at: number;
}

/** A worker came, came back after it was lost, or is another process under a known address. */
export interface RegisterWorker {
  type: "registerWorker";
  address: string;
  uid: string;
  tags: string[];
  formats: string[];
  /** Where readers of TensorFlow's protocol get its elements. @default nowhere */
  transferServers?: TransferServer[];
  /** Its place in the fixed list of workers; null: there is no list. */
  slot: number | null;
  /** Ids from here on are free on this worker too, even if another dispatcher gave it tasks. */
  firstFreeTaskId: number;
  at: number;
}

/** A worker was silent for too long: its tasks are over. It stays listed as lost. */
export interface LoseWorker {
  type: "loseWorker";
  address: string;
  at: number;
}

/** A worker took its leave, or was lost long ago: its tasks are over and it is forgotten. */
export interface RemoveWorker {
  type: "removeWorker";
  address: string;
  at: number;
}

/** Somebody asked for a worker's end: its tasks are over and it gets no others. */
export interface DrainWorker {
  type: "drainWorker";
  address: string;
  at: number;
}

/** Why a lost worker's part of a dataset cannot be told apart from what readers have got. */
export interface Weakness {
  /** The operator that makes it so, or the dataset's format. */
  operator: string;
  reason: string;
}

/** A job was made. */
export interface CreateJob {
  type: "createJob";
  jobId: number;
  /** Unique; made up where the caller gave none. */
  name: string;
  /** Whether the caller gave the name. */
  named: boolean;
  datasetId: string;
  policy: number;
  numConsumers: number | null;
  useCrossTrainerCache: boolean;
  targetWorkers: TargetWorkers;
  /** What keeps its dataset from being visited exactly once through the loss of a worker; null: nothing. */
  weakness: Weakness | null;
  /** The policy divides nothing of the dataset. @default false */
  undivided?: boolean;
  requestId: string | null;
  at: number;
}

/** From where on a pass gives elements, for readers that have those before. */
export type Resumption =
  /** Sharding is off: that many elements at the beginning are left out. */
  | { kind: "position"; position: number }
  /**
   * What readers have is left out. `readers` of them come, each with what it has; until `until` splits wait for them.
   */
  | { kind: "excluded"; consumed: ConsumedSource[]; readers: number; until: number }
  /** Nothing but this is given: whole indexes, and indexes of which some outputs are left out. */
  | { kind: "only"; rest: ConsumedSource[] };

/** A pass over a job began. */
export interface CreateIteration {
  type: "createIteration";
  iterationId: number;
  key: string;
  jobId: number;
  repetition: number;
  /** The sources that the dispatcher splits; empty unless dynamically sharded. */
  sources: SourceDescription[];
  /** True where the pass was over before and all of it but that fact had been freed. */
  finished: boolean;
  /** How its first reader goes on from a checkpoint; null: it begins. */
  resumption: Resumption | null;
  at: number;
}

/** A reader joined an iteration. */
export interface AcquireClient {
  type: "acquireClient";
  clientId: number;
  iterationId: number;
  requestId: string | null;
  /** Whether it is one of the readers that a resumed iteration waits for. @default false */
  gathers?: boolean;
  at: number;
}

/** A reader left or was silent for too long. */
export interface ReleaseClient {
  type: "releaseClient";
  clientId: number;
  /** Whether it was silent for too long, so that workers are to end its sessions. @default it took leave */
  lost?: boolean;
  at: number;
}

/** A reader has got elements of a task. */
export interface Consume {
  type: "consume";
  clientId: number;
  taskId: number;
  consumed: ConsumedSource[];
}

/** A reader takes nothing more of a lost task, and has said what it has of it. */
export interface LeaveTask {
  type: "leaveTask";
  clientId: number;
  taskId: number;
}

/** A task was taken from a worker that stays: it did nothing for too long. */
export interface LoseTask {
  type: "loseTask";
  taskId: number;
  at: number;
}

/** A reader joined with a checkpoint of another iteration: what it has is left out of this one. */
export interface ExcludeTaken {
  type: "excludeTaken";
  iterationId: number;
  consumed: ConsumedSource[];
}

/** A reader goes on from a checkpoint of this very iteration. */
export interface ResumeClient {
  type: "resumeClient";
  iterationId: number;
  /** The client that it was; gone. */
  clientId: number;
  /** The client that it will be. */
  heirId: number;
  /** What it had at its checkpoint. */
  consumed: ConsumedSource[];
}

/** A worker got its part of an iteration. */
export interface CreateTask {
  type: "createTask";
  taskId: number;
  iterationId: number;
  address: string;
  /** For the static policies: which shard of how many. */
  shard: { index: number; count: number } | null;
  /** Whether it gets only what is leased again. @default false */
  restOnly?: boolean;
}

/** A worker named the addresses at which a task can be read beside its own. */
export interface AddressTask {
  type: "addressTask";
  taskId: number;
  /** The preferred first. */
  dataAddresses: string[];
}

/** A worker got its part of a coordinated read that runs already: the task waits until all consumers can begin it. */
export interface CreatePendingTask {
  type: "createPendingTask";
  taskId: number;
  iterationId: number;
  address: string;
  /** For the static policies: which shard of how many. */
  shard: { index: number; count: number } | null;
  /** The round that is proposed to the consumers. */
  targetRound: number;
}

/** A consumer has promised to stop before the round in which the first waiting task is to begin. */
export interface AcceptRound {
  type: "acceptRound";
  iterationId: number;
  clientId: number;
}

/** A consumer had begun that round already, so that another one is proposed. */
export interface RejectRound {
  type: "rejectRound";
  iterationId: number;
  clientId: number;
  targetRound: number;
}

/** All consumers of a coordinated read do without a task from a round on. */
export interface RemoveTask {
  type: "removeTask";
  taskId: number;
  round: number;
}

/** Readers have taken the last element of a task. */
export interface FinishTask {
  type: "finishTask";
  taskId: number;
  /** For coordinated reads: elements that did not make a full round. @default 0 */
  numDropped?: number;
  /** What its worker noted about it. @default nothing */
  notes?: TaskNotes;
  at: number;
}

/** A server of a worker that hands out elements, as TensorFlow's protocol describes it. */
export interface TransferServer {
  /** "grpc", or the name of another protocol. */
  protocol: string;
  address: string;
  /** For the readers, which compare it with their own. */
  compatibilityInfo: Uint8Array;
  /** Whether readers may use gRPC instead, when they cannot make a client of the protocol, or when it fails later. */
  fallBackAtCreation: boolean;
  fallBackAtGetElement: boolean;
}

/** One index of a source went to a worker whose protocol does not say for which task. */
export interface TakeSplit {
  type: "takeSplit";
  iterationId: number;
  source: number;
  repetition: number;
  index: number;
}

/**
 * Indexes of a source are about to go to workers one by one. Each is noted when it goes, but these notes need not
 * outlive the machine: where one may be missing, all reserved indexes count as gone.
 */
export interface ReserveSplits {
  type: "reserveSplits";
  iterationId: number;
  source: number;
  repetition: number;
  /** The index behind the last of them. */
  end: number;
}

/** The dispatcher was started. */
export interface BeginRun {
  type: "beginRun";
  /** Names the time since the machine was started, through which what was written lasts; null: not known. */
  boot: string | null;
}

/** It was decided whether the elements of a dataset that is registered as compressed travel uncompressed after all. */
export interface SettleCompression {
  type: "settleCompression";
  datasetId: string;
  disabled: boolean;
}

/** A range of a source's indexes went to a task. */
export interface LeaseSplit {
  type: "leaseSplit";
  taskId: number;
  source: number;
  repetition: number;
  requestId: number;
  start: number;
  end: number;
  /** Whether it is what a lost task had. @default false */
  again?: boolean;
  at: number;
}

/** A task was told the end of a repetition of a source whose elements are given out again where they are lost. */
export interface EndSplits {
  type: "endSplits";
  taskId: number;
  source: number;
  requestId: number;
}

/** An unfinished iteration that nobody reads was given up: a later reader begins it from scratch. */
export interface CollectIteration {
  type: "collectIteration";
  iterationId: number;
  at: number;
}

/** What was kept of an iteration went that is over (finished, or left where nobody can join it), but for that fact. */
export interface FreeIteration {
  type: "freeIteration";
  iterationId: number;
  at: number;
}

/** A job whose dataset was forgotten got the one that a reader registered anew. */
export interface AdoptDataset {
  type: "adoptDataset";
  jobId: number;
  datasetId: string;
  weakness: Weakness | null;
}

/** A job that nobody has read for long was forgotten. */
export interface FreeJob {
  type: "freeJob";
  jobId: number;
}

/** A dataset that nobody has read for a while, and that its readers can register again, was forgotten. */
export interface FreeDataset {
  type: "freeDataset";
  datasetId: string;
}

/** Any of them. */
export type Update =
  | RegisterDataset
  | RegisterWorker
  | LoseWorker
  | RemoveWorker
  | DrainWorker
  | CreateJob
  | CreateIteration
  | AcquireClient
  | ReleaseClient
  | CreateTask
  | AddressTask
  | CreatePendingTask
  | AcceptRound
  | RejectRound
  | RemoveTask
  | FinishTask
  | LeaseSplit
  | EndSplits
  | TakeSplit
  | ReserveSplits
  | BeginRun
  | Consume
  | LeaveTask
  | LoseTask
  | ExcludeTaken
  | ResumeClient
  | SettleCompression
  | CollectIteration
  | FreeIteration
  | AdoptDataset
  | FreeJob
  | FreeDataset
  | BeginSnapshot
  | EndSnapshot
  | ForgetSnapshot;
