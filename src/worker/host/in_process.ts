import type { Clock, Log, Random } from "../../base/mod.ts";
import { type CodecSet, Ledger } from "../../element/mod.ts";
import type { DataServiceReader, DatasetBuilder, TfDataServiceReader } from "../../executor/mod.ts";
import type { DispatcherClient, WireBatch } from "../../rpc/mod.ts";
import type { FileSystem } from "../../sources/mod.ts";
import type { AcknowledgeOutcome } from "../core/session_book.ts";
import { LanedSource } from "../lanes/laned_source.ts";
import type { LaneFactory } from "../lanes/lane_port.ts";
import { openPipeline } from "../lanes/open_pipeline.ts";
import type { BlockPackerOptions } from "../runners/block_packer.ts";
import type { MakeBlockSource } from "../runners/block_source.ts";
import { cacheBlockBytes, CrossTrainerCacheRunner } from "../runners/cross_trainer_cache.ts";
import { FirstComeFirstServedRunner } from "../runners/first_come_first_served.ts";
import { TaskNotebook, type TaskNotes } from "../runners/task_notes.ts";
import type { Acknowledgement, StreamRequest, TaskRunner } from "../runners/task_runner.ts";
import type { TurnLoop } from "../runners/yield_to_loop.ts";
import { CoordinatedTask } from "./coordinated_task.ts";
import type { GraphLoader, TaskDataPlane, TaskDefinition, TaskHandle, TaskHost } from "./task_host.ts";

/** What pipelines in this process are given. */
export interface InProcessHostOptions extends BlockPackerOptions {
  /** Times lingering blocks, sessions and retries. */
  clock: Clock;
  /** Seeds what the user left unseeded, and names sessions. */
  random: Random;
  /** Where pipelines say what a person should know. */
  log: Log;
  /** Compresses blocks. */
  codecs: CodecSet;
  /** Where sources find their files. */
  files: FileSystem;
  /** The builder that user functions get. */
  Dataset: DatasetBuilder;
  /** Reads the datasets of other services in a pipeline. */
  dataService: DataServiceReader;
  /** Reads the datasets of stock tf.data services in a pipeline. @default such pipelines fail */
  tfDataService?: TfDataServiceReader;
  /** Leases splits to dynamically sharded tasks. */
  dispatcher: Pick<DispatcherClient, "getSplit">;
  /** How long an unreachable dispatcher is tried, in milliseconds. */
  dispatcherTimeoutMs: number;
  /** How long the session of a reader without connection and acknowledgement is kept, in milliseconds. @default 300_000 */
  sessionTimeoutMs?: number;
  /** The threads of a task: how many it may use with this one, and what starts them. @default this one only */
  lanes?: { readonly count: number; readonly factory: LaneFactory };
  /** Lets others have this thread while a pipeline keeps it busy. @default a turn of the event loop */
  turnLoop?: TurnLoop;
  /** Bytes that the window of a cross-trainer cache may hold. @default 10_737_418_240 */
  crossTrainerCacheSizeBytes?: number;
  /** Where tasks can be read beside the worker's address. @default nowhere */
  dataPlane?: () => TaskDataPlane;
}

const DEFAULT_CACHE_BYTES = 10 * 1024 ** 3;

/** Makes a host that runs pipelines and user functions in this process, with all of its permissions. */
export function createInProcessHost(options: InProcessHostOptions): TaskHost {
  return {
    start: (definition, loadGraph) => {
      const { numConsumers } = definition;
      return numConsumers === null
        ? new InProcessTask(definition, loadGraph, options)
        : new CoordinatedTask({ ...definition, numConsumers }, loadGraph, options);
    },
  };
}

class InProcessTask implements TaskHandle {
  readonly dataPlane?: TaskDataPlane;
  readonly #runner: TaskRunner;
  readonly #notebook = new TaskNotebook();

  constructor(definition: TaskDefinition, loadGraph: GraphLoader, options: InProcessHostOptions) {
    this.dataPlane = options.dataPlane?.();
    const notebook = this.#notebook;
    const ledger = definition.tracksProvenance ? new Ledger() : undefined;
    const source = (size: BlockPackerOptions): MakeBlockSource => (sink) =>
      new LanedSource(sink, {
        ...options,
        ...size,
        ledger,
        onLeftOut: (count) => notebook.leftOut(count),
        open: (signal) => openPipeline(definition, loadGraph, options, { signal, ledger, notebook }),
      });
    const { crossTrainerCacheSizeBytes: cacheBytes = DEFAULT_CACHE_BYTES } = options;
    this.#runner = definition.useCrossTrainerCache
      ? new CrossTrainerCacheRunner({
        ...options,
        cacheBytes,
        notebook,
        source: source({ targetBytes: cacheBlockBytes(cacheBytes) }),
      })
      : new FirstComeFirstServedRunner({ ...options, notebook, source: source({}) });
  }

  get completed(): Promise<void> {
    return this.#runner.completed;
  }

  get notes(): TaskNotes {
    return this.#notebook.notes;
  }

  openStream(request: StreamRequest, signal: AbortSignal): AsyncIterableIterator<WireBatch, void, void> {
    return this.#runner.openStream(request, signal);
  }

  // deno-lint-ignore require-await -- the port is asynchronous, and what is thrown must reject
  async acknowledge(acknowledgement: Acknowledgement): Promise<AcknowledgeOutcome> {
    return this.#runner.acknowledge(acknowledgement);
  }

  release(clientId: bigint): void {
    this.#runner.release(clientId);
  }

  stop(reason: Error): Promise<void> {
    return this.#runner.stop(reason);
  }
}
