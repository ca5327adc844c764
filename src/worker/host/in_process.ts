import { type Clock, errorFromCode, type Log, type Random } from "../../base/mod.ts";
import type { CodecSet, Element } from "../../element/mod.ts";
import {
  type DataServiceReader,
  type DatasetBuilder,
  type ElementIterator,
  execute,
} from "../../executor/mod.ts";
import { createFunctionRuntime, parseGraph, ShardingPolicy } from "../../graph/mod.ts";
import type { DispatcherClient, WireBatch } from "../../rpc/mod.ts";
import type { FileSystem } from "../../sources/mod.ts";
import type { AcknowledgeOutcome } from "../core/session_book.ts";
import { FirstComeFirstServedRunner } from "../runners/first_come_first_served.ts";
import type { Acknowledgement, StreamRequest, TaskRunner } from "../runners/task_runner.ts";
import { DispatcherSplits } from "./dispatcher_splits.ts";
import { shardTask } from "./shard_task.ts";
import type { GraphLoader, TaskDefinition, TaskHandle, TaskHost } from "./task_host.ts";

/** What pipelines in this process are given. */
export interface InProcessHostOptions {
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
  /** Leases splits to dynamically sharded tasks. */
  dispatcher: Pick<DispatcherClient, "getSplit">;
  /** How long an unreachable dispatcher is tried, in milliseconds. */
  dispatcherTimeoutMs: number;
  /** How long the session of a reader without connection and acknowledgement is kept, in milliseconds. @default 300_000 */
  sessionTimeoutMs?: number;
}

/** Makes a host that runs pipelines and user functions in this process, with all of its permissions. */
export function createInProcessHost(options: InProcessHostOptions): TaskHost {
  return { start: (definition, loadGraph) => new InProcessTask(definition, loadGraph, options) };
}

class InProcessTask implements TaskHandle {
  readonly #definition: TaskDefinition;
  readonly #runner: TaskRunner;

  constructor(definition: TaskDefinition, loadGraph: GraphLoader, options: InProcessHostOptions) {
    this.#definition = definition;
    this.#runner = new FirstComeFirstServedRunner({
      ...options,
      open: (signal) => buildPipeline(definition, loadGraph, options, signal),
    });
  }

  get completed(): Promise<void> {
    return this.#runner.completed;
  }

  openStream(request: StreamRequest, signal: AbortSignal): AsyncIterableIterator<WireBatch, void, void> {
    const { taskId, numConsumers, useCrossTrainerCache } = this.#definition;
    if (numConsumers !== null || useCrossTrainerCache) {
      const what = numConsumers !== null ? "coordinated reads" : "the cross-trainer cache";
      throw errorFromCode("unimplemented", `Cannot run task ${taskId}: this worker does not know ${what}`);
    }
    return this.#runner.openStream(request, signal);
  }

  // deno-lint-ignore require-await -- the port is asynchronous, and what is thrown must reject
  async acknowledge(acknowledgement: Acknowledgement): Promise<AcknowledgeOutcome> {
    return this.#runner.acknowledge(acknowledgement);
  }

  stop(reason: Error): Promise<void> {
    return this.#runner.stop(reason);
  }
}

async function buildPipeline(
  definition: TaskDefinition,
  loadGraph: GraphLoader,
  options: InProcessHostOptions,
  signal: AbortSignal,
): Promise<ElementIterator<Element>> {
  const { clock, random, log, files, Dataset, dataService, dispatcher, dispatcherTimeoutMs } = options;
  const { taskId, iterationId, policy, repetition } = definition;
  const { root, modules } = parseGraph(await loadGraph(signal));
  const graph = await shardTask(root, definition, { files, signal });
  return execute(graph, {
    signal,
    clock,
    random,
    log,
    files,
    functions: createFunctionRuntime({ modules }),
    Dataset,
    dataService,
    epoch: repetition,
    ...(policy === ShardingPolicy.DYNAMIC && {
      splits: new DispatcherSplits({
        dispatcher,
        iterationId,
        taskId,
        clock,
        random,
        log,
        signal,
        timeoutMs: dispatcherTimeoutMs,
      }),
    }),
  });
}
