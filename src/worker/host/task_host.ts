import type { CodecName } from "../../element/mod.ts";
import type { WireBatch } from "../../rpc/mod.ts";
import type { AcknowledgeOutcome } from "../core/session_book.ts";
import type { TaskIdentity } from "../core/task_table.ts";
import type { ElementReply, ElementRequest } from "../runners/round_robin.ts";
import type { TaskNotes } from "../runners/task_notes.ts";
import type { Acknowledgement, StreamRequest } from "../runners/task_runner.ts";

/** A task as the dispatcher defined it; see `TaskDef` in `dispatcher.proto`. Plain data: it may cross to another process. */
export interface TaskDefinition extends TaskIdentity {
  /** How the input is divided, a `ShardingPolicy`. */
  readonly policy: number;
  /** Which pass of the job this is, from 0. */
  readonly repetition: number;
  /** For the static policies: number of workers in the dispatcher's list. */
  readonly numWorkers: number;
  /** For the static policies: this worker's place in the list. */
  readonly workerIndex: number;
  /** For coordinated reads: number of consumers; else null. */
  readonly numConsumers: number | null;
  /** Whether trainers share the elements through a sliding window. */
  readonly useCrossTrainerCache: boolean;
  /** The compression that was registered with the dataset. */
  readonly compression: CodecName | "AUTO";
  /** Whether blocks say which source elements they consumed. @default false */
  readonly tracksProvenance?: boolean;
  /** How many elements at the beginning are left out, because the reader has them. @default 0 */
  readonly firstElement?: number;
  /** What chance in datasets of user functions comes from, the same in all tasks of the iteration. @default 0 */
  readonly seed?: number;
}

/** The bytes of a task's graph, fetched when they are first needed. */
export type GraphLoader = (signal: AbortSignal) => Promise<Uint8Array>;

/** Resolves when the dispatcher knows that the task is completed. */
export type ToldWaiter = (signal: AbortSignal) => Promise<void>;

/** What else a host may know of a task. */
export interface TaskCircumstances {
  /** The bytes of its graph, where they came with it. @default they are to be fetched */
  readonly graph?: Uint8Array | undefined;
  /** Told when the last reader of a task with a data plane of its own has taken leave. @default nobody asks */
  readonly onDeserted?: () => void;
}

/** Runs tasks: in this process, or in one of their own. */
export interface TaskHost {
  /**
   * Makes ready what the first task would have to wait for.
   *
   * @throws {PermissionDeniedError} if tasks cannot run for lack of a permission
   */
  prepare?(): void;
  /** Makes a task ready. Its pipeline is built when the first reader comes: nobody may ever. */
  start(
    definition: TaskDefinition,
    loadGraph: GraphLoader,
    told: ToldWaiter,
    circumstances?: TaskCircumstances,
  ): TaskHandle;
  /** Resolves when every thread beside this one that runs tasks has turned its event loop. @default at once */
  alive?(): Promise<void>;
  /**
   * Whether nothing of the tasks that have ended can still be at work. A thread beside this one that was ended in the
   * middle of a user's function goes on until that returns. @default it is so
   */
  leavesNothing?(): boolean;
  /** Frees what the host keeps beside its tasks. Idempotent; does not reject. */
  stop?(): Promise<void>;
}

/** Where the elements of a task can be read beside the worker's address. */
export interface TaskDataPlane {
  /** The preferred first; empty before `settled`, and once they are of no use any more. */
  readonly addresses: readonly string[];
  /** Resolves when the addresses are known, or will never be. Never rejects. */
  readonly settled: Promise<void>;
  /** Whether clients have sessions with it, at whatever address. */
  readonly hasReaders: boolean;
}

/** A task that runs. */
export interface TaskHandle {
  /** The task's own data plane. @default none: the worker's address is the only one */
  readonly dataPlane?: TaskDataPlane;
  /**
   * Opens a reader's stream. It ends with the signal's reason once that is aborted; its `return` ends it at once
   * even while `next` waits.
   *
   * @throws {FailedPreconditionError} (or its first `next`) if the request's numbers are not those of its session
   */
  openStream(request: StreamRequest, signal: AbortSignal): AsyncIterableIterator<WireBatch, void, void>;
  /**
   * Gives a consumer of a coordinated read its elements of the first round that it asks for, and of those others that
   * are decided by then. Only tasks of coordinated reads have it.
   *
   * @throws {FailedPreconditionError} if there is no such consumer, or it has left the round behind
   */
  getElements?(request: ElementRequest, signal: AbortSignal): Promise<readonly ElementReply[]>;
  /** For coordinated reads: how many elements at the end did not make a full round, once it is completed. @default 0 */
  readonly numDropped?: number;
  /** What there is to say of it in the dispatcher's status. @default nothing */
  readonly notes?: TaskNotes | undefined;
  /**
   * Notes what a reader has taken. When this makes the task complete, `completed` has resolved before the answer.
   *
   * @throws {FailedPreconditionError} if the reader has taken blocks that its session does not have
   */
  acknowledge(acknowledgement: Acknowledgement): Promise<AcknowledgeOutcome>;
  /**
   * Ends the session of a reader that the dispatcher counts as lost, if it has one: what it has not taken goes to
   * others, even if it is connected. A machine that was cut off leaves a connection that nobody ever closes.
   *
   * @default its readers have no sessions
   */
  release?(clientId: bigint): void;
  /**
   * Resolves when the pipeline has ended and its last block is taken; never, if the task is stopped before. A
   * completed task is not stopped: it frees itself when the streams that are still open have ended.
   */
  readonly completed: Promise<void>;
  /** Frees the pipeline; streams that are open end with `reason`, and so do later ones. Idempotent; does not reject. */
  stop(reason: Error): Promise<void>;
}
