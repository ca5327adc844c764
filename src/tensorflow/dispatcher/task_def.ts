import { create } from "@bufbuild/protobuf";
import type { TaskDefinition } from "../../dispatcher/mod.ts";
import { type TaskDef, TaskDefSchema } from "../../gen/tensorflow/data/common_pb.ts";

/** A task for a TensorFlow worker, with its graph. */
export function toTaskDef(task: TaskDefinition): TaskDef {
  const { dataset, shard, numConsumers } = task;
  return create(TaskDefSchema, {
    dataset: { case: "datasetDef", value: { graph: dataset.graph as Uint8Array<ArrayBuffer> } },
    datasetId: dataset.id,
    taskId: BigInt(task.taskId),
    iterationId: BigInt(task.iterationId),
    numSplitProviders: BigInt(task.numSources),
    workerAddress: task.address,
    processingModeDef: { shardingPolicy: task.policy },
    optionalNumConsumers: numConsumers === null
      ? { case: undefined }
      : { case: "numConsumers", value: BigInt(numConsumers) },
    numWorkers: BigInt(shard?.count ?? 0),
    workerIndex: BigInt(shard?.index ?? 0),
    useCrossTrainerCache: task.useCrossTrainerCache,
  });
}

/** Most bytes of graphs in one message: a worker that joins late may get thousands of tasks at once. */
const MAX_GRAPH_BYTES_IN_ALL = 128 * 1024 * 1024;

/** Tasks for one worker. Those that do not fit, after the first, come with its next heartbeat. */
export function toTaskDefs(tasks: readonly TaskDefinition[]): TaskDef[] {
  let bytes = 0;
  const fitting = tasks.filter(({ dataset }, i) => {
    bytes += dataset.graph.length;
    return i === 0 || bytes <= MAX_GRAPH_BYTES_IN_ALL;
  });
  return fitting.map(toTaskDef);
}
