import { create } from "@bufbuild/protobuf";
import { type DatasetDef, DatasetDefSchema } from "../../gen/sluice/v1/dataset_pb.ts";
import { type TaskDef, TaskDefSchema } from "../../gen/sluice/v1/dispatcher_pb.ts";
import type { DeepReadonly } from "../core/deep_readonly.ts";
import type { Dataset } from "../core/state.ts";
import type { TaskDefinition } from "../core/task_view.ts";
import { bytesOf } from "./bytes_of.ts";

/** Largest definition that travels with its task, in bytes. */
export const MAX_INLINE_BYTES = 64 * 1024;

/** Most bytes of definitions in one message: a worker that joins late may get thousands of tasks at once. */
const MAX_INLINE_BYTES_IN_ALL = 4 * 1024 * 1024;

/** A definition for the wire. */
export function toDatasetDef({ format, graph }: DeepReadonly<Dataset>): DatasetDef {
  return create(DatasetDefSchema, { format, graph: bytesOf(graph) });
}

/** A task for its worker, with the definition where that is small. */
export function toTaskDef(task: TaskDefinition, options: { inline?: boolean } = {}): TaskDef {
  const inline = (options.inline ?? true) && task.dataset.graph.length <= MAX_INLINE_BYTES;
  return create(TaskDefSchema, {
    taskId: BigInt(task.taskId),
    iterationId: BigInt(task.iterationId),
    datasetId: task.dataset.id,
    workerAddress: task.address,
    shardingPolicy: task.policy,
    repetition: BigInt(task.repetition),
    numSources: task.numSources,
    numWorkers: task.shard?.count ?? 0,
    workerIndex: task.shard?.index ?? 0,
    numConsumers: task.numConsumers ?? undefined,
    useCrossTrainerCache: task.useCrossTrainerCache,
    firstElement: BigInt(task.firstElement),
    tracksProvenance: task.tracksProvenance,
    seed: task.seed,
    dataset: inline ? toDatasetDef(task.dataset) : undefined,
    compression: task.dataset.metadata.compression,
  });
}

/** Tasks for one worker; from where the definitions grow too large in all, it has to fetch them. */
export function toTaskDefs(tasks: readonly TaskDefinition[]): TaskDef[] {
  let bytes = 0;
  return tasks.map((task) => {
    bytes += Math.min(task.dataset.graph.length, MAX_INLINE_BYTES);
    return toTaskDef(task, { inline: bytes <= MAX_INLINE_BYTES_IN_ALL });
  });
}
