import { SluiceError } from "../base/mod.ts";
import type { DatasetDef } from "../gen/sluice/v1/dataset_pb.ts";
import type { TaskDef } from "../gen/sluice/v1/dispatcher_pb.ts";
import { codecName } from "../rpc/mod.ts";
import type { TaskDefinition } from "./host/task_host.ts";

/** The dataset formats that this worker runs. */
export const FORMATS: readonly string[] = ["sluice"];

/** A task as it came from the dispatcher. */
export interface ReceivedTask extends TaskDefinition {
  /** The definition of its dataset, if that is small enough to have come along. */
  readonly dataset: DatasetDef | null;
}

/** Translates a task of the protocol. */
export function receivedTask(task: TaskDef): ReceivedTask {
  return {
    taskId: task.taskId,
    iterationId: task.iterationId,
    datasetId: task.datasetId,
    policy: task.shardingPolicy,
    repetition: Number(task.repetition),
    numWorkers: task.numWorkers,
    workerIndex: task.workerIndex,
    numConsumers: task.numConsumers ?? null,
    useCrossTrainerCache: task.useCrossTrainerCache,
    compression: codecName(task.compression) ?? "AUTO",
    tracksProvenance: task.tracksProvenance,
    firstElement: Number(task.firstElement),
    seed: task.seed,
    dataset: task.dataset ?? null,
  };
}

/**
 * The graph of a dataset.
 *
 * @throws {SluiceError} with code `unimplemented` if it is in a format that this worker does not run
 */
export function graphBytes({ format, graph }: DatasetDef): Uint8Array {
  if (FORMATS.includes(format)) return graph;
  throw new SluiceError(
    `Cannot run a dataset of format "${format}": this worker runs ${FORMATS.join(", ")}`,
    {
      code: "unimplemented",
    },
  );
}
