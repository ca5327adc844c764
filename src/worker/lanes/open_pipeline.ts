import { type ElementIterator, execute } from "../../executor/mod.ts";
import type { Element, Ledger } from "../../element/mod.ts";
import { createFunctionRuntime, parseGraph, ShardingPolicy } from "../../graph/mod.ts";
import { DispatcherSplits } from "../host/dispatcher_splits.ts";
import type { InProcessHostOptions } from "../host/in_process.ts";
import { shardTask } from "../host/shard_task.ts";
import type { GraphLoader, TaskDefinition } from "../host/task_host.ts";
import type { TaskNotebook } from "../runners/task_notes.ts";
import { CallLanes } from "./call_lanes.ts";
import type { OpenedPipeline } from "./laned_source.ts";
import { hasParallelMap, isDeterministic, mayRunInLanes } from "./lane_rules.ts";
import { SharedSplits } from "./shared_splits.ts";

/**
 * Builds the pipeline of a task, with whatever its kind of lanes needs. Dynamically sharded tasks whose elements do
 * not depend on each other may have further instances; in others the calls of parallel maps go to lanes.
 */
export async function openPipeline(
  definition: TaskDefinition,
  loadGraph: GraphLoader,
  options: InProcessHostOptions,
  { signal, ledger, notebook }: {
    signal: AbortSignal;
    ledger?: Ledger | undefined;
    notebook?: TaskNotebook;
  },
): Promise<OpenedPipeline> {
  const { clock, random, log, files, Dataset, dataService, tfDataService } = options;
  const { taskId, iterationId, policy, repetition, firstElement = 0, seed = 0 } = definition;
  const bytes = await loadGraph(signal);
  const { root, modules } = parseGraph(bytes);
  const graph = await shardTask(root, definition, { files, signal });
  const factory = isDeterministic(graph) ? undefined : options.lanes?.factory;
  const count = factory ? options.lanes!.count - 1 : 0;
  const leased = policy === ShardingPolicy.DYNAMIC
    ? new DispatcherSplits({
      ...options,
      iterationId,
      taskId,
      signal,
      timeoutMs: options.dispatcherTimeoutMs,
    })
    : undefined;
  const shared = leased && count > 0 && mayRunInLanes(graph)
    ? new SharedSplits(leased, count + 1)
    : undefined;
  const calls = factory && count > 0 && !shared && hasParallelMap(graph)
    ? new CallLanes({ factory, count, modules, log })
    : undefined;
  const splits = shared ?? leased;
  const iterator = execute(graph, {
    signal,
    clock,
    random,
    log,
    files,
    functions: createFunctionRuntime({ modules }),
    Dataset,
    dataService,
    tfDataService,
    epoch: repetition,
    nestedSeed: seed,
    ...(notebook && { onLeftOut: () => notebook.leftOut(1) }),
    ...(splits && { splits }),
    ...(calls && { spreader: calls }),
    ...(ledger && { ledger }),
  }, { skip: firstElement });
  return {
    iterator: calls ? closingBoth(iterator, calls) : iterator,
    others: shared
      ? {
        count,
        pipeline: { graph: bytes, repetition, seed, tracksProvenance: ledger !== undefined },
        splits: shared,
      }
      : null,
  };
}

/** The lanes outlive the operators that use them, which a `repeat` builds anew for each pass. */
function closingBoth(iterator: ElementIterator<Element>, calls: CallLanes): ElementIterator<Element> {
  return {
    next: () => iterator.next(),
    close: () => {
      calls.stop();
      return iterator.close();
    },
  };
}
