/** What workers and readers are told of a task. */

import type { DeepReadonly } from "./deep_readonly.ts";
import { parseIterationKey } from "./iteration_key.ts";
import { datasetOf, iterationOfTask, jobOfIteration } from "./lookup.ts";
import type { Dataset, Iteration, StateView, Task } from "./state.ts";
import type { TransferServer } from "./updates.ts";

/** A task as its worker gets it. */
export interface TaskDefinition {
  readonly taskId: number;
  readonly iterationId: number;
  readonly address: string;
  readonly dataset: DeepReadonly<Dataset>;
  readonly policy: number;
  readonly repetition: number;
  readonly numSources: number;
  readonly shard: { readonly index: number; readonly count: number } | null;
  readonly numConsumers: number | null;
  readonly useCrossTrainerCache: boolean;
  /** Blocks say which source elements they consumed. */
  readonly tracksProvenance: boolean;
  /** Elements before this one are left out. */
  readonly firstElement: number;
  /** What chance comes from that must be the same in all tasks of the iteration. */
  readonly seed: number;
}

/** A task as a reader gets it. */
export interface TaskInfo {
  readonly taskId: number;
  readonly iterationId: number;
  readonly address: string;
  /** Where it can be read instead, the preferred first. */
  readonly dataAddresses: readonly string[];
  readonly uid: string;
  readonly tags: readonly string[];
  /** Where readers of TensorFlow's protocol get its elements. @default nowhere */
  readonly transferServers?: DeepReadonly<TransferServer[]>;
  readonly finished: boolean;
  /** For coordinated reads: the first round in which it is read. @default 0 */
  readonly startingRound?: number;
}

/** What a worker needs to run a task. */
export function taskDefinition(state: StateView, task: DeepReadonly<Task>): TaskDefinition {
  const iteration = iterationOfTask(state, task);
  const job = jobOfIteration(state, iteration);
  return {
    taskId: task.id,
    iterationId: iteration.id,
    address: task.address,
    dataset: datasetOf(state, job.datasetId),
    policy: job.policy,
    repetition: iteration.repetition,
    numSources: iteration.sources.length,
    shard: task.shard,
    numConsumers: job.numConsumers,
    useCrossTrainerCache: job.useCrossTrainerCache,
    tracksProvenance: iteration.recovery !== null,
    firstElement: iteration.resumedAt ?? 0,
    seed: parseIterationKey(iteration.key)?.seed ?? 0,
  };
}

// A thousand readers of one iteration with a thousand tasks ask every second: the list is made once for each
// version of the iteration, not for each of them.
const lists = new WeakMap<DeepReadonly<Iteration>, { version: number; tasks: readonly TaskInfo[] }>();

/** What readers of an iteration are told of its tasks; the same array as long as nothing has changed. */
export function taskList(state: StateView, iteration: DeepReadonly<Iteration>): readonly TaskInfo[] {
  const cached = lists.get(iteration);
  if (cached?.version === iteration.version) return cached.tasks;
  const tasks: TaskInfo[] = [];
  for (const id of iteration.tasks) {
    const task = state.tasks.get(id)!;
    const worker = state.workers.get(task.address);
    tasks.push({
      taskId: id,
      iterationId: iteration.id,
      address: task.address,
      dataAddresses: task.dataAddresses,
      uid: worker?.uid ?? "",
      tags: worker?.tags ?? [],
      ...(worker?.transferServers && { transferServers: worker.transferServers }),
      finished: task.finished,
      ...(task.startingRound && { startingRound: task.startingRound }),
    });
  }
  lists.set(iteration, { version: iteration.version, tasks });
  return tasks;
}
