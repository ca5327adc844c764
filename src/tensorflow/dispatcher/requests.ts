/** Requests of TensorFlow's protocol, checked field by field, as the core takes them. */

import { FailedPreconditionError, InvalidArgumentError } from "../../base/mod.ts";
import {
  checkAddress,
  checkCount,
  checkDatasetId,
  checkEnum,
  checkNumber64,
  checkNumbers64,
  checkPresent,
  checkText,
  checkTexts,
  type DatasetMetadata,
  type GetOrCreateIterationRequest,
  type GetOrCreateJobRequest,
  MAX_GRAPH_BYTES,
  type MaybeRemoveTaskRequest,
  type RoundReport,
  type TargetWorkers,
  type WorkerHeartbeatRequest,
  type WorkerUpdateRequest,
} from "../../dispatcher/mod.ts";
import {
  type DatasetDef,
  TargetWorkers as TargetWorkersNumber,
} from "../../gen/tensorflow/data/common_pb.ts";
import {
  type DataServiceMetadata,
  DataServiceMetadata_Compression as Compression,
  ProcessingModeDef_ShardingPolicy as ShardingPolicy,
} from "../../gen/tensorflow/data/dataset_pb.ts";
import type {
  ClientHeartbeatRequest as ClientHeartbeatMessage,
  GetOrCreateIterationRequest as IterationMessage,
  GetOrCreateJobRequest as JobMessage,
  MaybeRemoveTaskRequest as MaybeRemoveTaskMessage,
  WorkerHeartbeatRequest as HeartbeatMessage,
  WorkerUpdateRequest as UpdateMessage,
} from "../../gen/tensorflow/data/dispatcher_pb.ts";
import { TENSORFLOW } from "./tensorflow_format.ts";

const MAX_TASKS = 100_000;

const UNKNOWN_CARDINALITY = -2n;

/** A worker's heartbeat, as far as tasks go. */
export function checkWorkerHeartbeat(message: HeartbeatMessage): WorkerHeartbeatRequest {
  checkCount("transfer_servers", message.transferServers, 16);
  return {
    address: checkAddress("worker_address", message.workerAddress),
    uid: String(message.workerUid),
    tags: checkTexts("worker_tags", message.workerTags, { max: 100, minLength: 0, maxLength: 256 }),
    formats: [TENSORFLOW],
    transferServers: message.transferServers.map((server, i) => ({
      protocol: checkText(`transfer_servers[${i}].protocol`, server.protocol, 1, 64),
      address: checkText(`transfer_servers[${i}].address`, server.address, 0, 512),
      compatibilityInfo: server.compatibilityInfo.slice(),
      fallBackAtCreation: server.fallBackToGrpcAtClientCreationTime,
      fallBackAtGetElement: server.fallBackToGrpcAtGetElementTime,
    })),
    currentTasks: checkNumbers64("current_tasks", message.currentTasks, MAX_TASKS),
  };
}

/** A report of ended tasks. */
export function checkWorkerUpdate({ workerAddress, updates }: UpdateMessage): WorkerUpdateRequest {
  checkCount("updates", updates, MAX_TASKS);
  return {
    address: checkAddress("worker_address", workerAddress),
    completedTasks: updates.filter(({ completed }) => completed)
      .map(({ taskId }) => checkNumber64("task_id", taskId)),
  };
}

/** A graph; what is in it is the format's matter. */
export function checkGraph(message: DatasetDef | undefined): Uint8Array {
  const { graph } = checkPresent("dataset", message);
  if (graph.length > MAX_GRAPH_BYTES) {
    throw new InvalidArgumentError(
      `\`dataset.graph\` must have at most ${MAX_GRAPH_BYTES} bytes, got ${graph.length}`,
    );
  }
  // A copy, for it is kept: these bytes are a part of all that came with them.
  return graph.slice();
}

/** Metadata; none given: nothing is known. */
export function checkMetadata(message: DataServiceMetadata | undefined): DatasetMetadata {
  const { case: known, value } = message?.optionalElementSpec ?? {};
  return {
    elementSpec: known === undefined ? new Uint8Array() : value!,
    compression: checkEnum("metadata.compression", message?.compression ?? 0, Compression),
    cardinality: toCardinality(message?.cardinality ?? UNKNOWN_CARDINALITY),
  };
}

/** TensorFlow computes some that mean nothing, as of a dataset with a shard hint, and some that nobody can count to. */
function toCardinality(cardinality: bigint): number {
  const number = Number(cardinality);
  return Number(Number.isSafeInteger(number) ? number : UNKNOWN_CARDINALITY);
}

const TARGET_WORKERS: Record<TargetWorkersNumber, TargetWorkers> = {
  [TargetWorkersNumber.UNSPECIFIED]: "AUTO",
  [TargetWorkersNumber.AUTO]: "AUTO",
  [TargetWorkersNumber.ANY]: "ANY",
  [TargetWorkersNumber.LOCAL]: "LOCAL",
};

/** A request for a job. */
export function checkGetOrCreateJob(message: JobMessage, randomName: string): GetOrCreateJobRequest {
  const { optionalJobName, optionalNumConsumers } = message;
  const numConsumers = optionalNumConsumers.case === undefined
    ? null
    : checkNumber64("num_consumers", optionalNumConsumers.value, 1n);
  return {
    datasetId: checkDatasetId(message.datasetId),
    policy: checkEnum(
      "processing_mode_def.sharding_policy",
      message.processingModeDef?.shardingPolicy ?? ShardingPolicy.OFF,
      ShardingPolicy,
    ),
    name: optionalJobName.case === undefined
      ? null
      : sharedJobName(checkText("job_name", optionalJobName.value, 1, 1_024)),
    numConsumers,
    useCrossTrainerCache: message.useCrossTrainerCache,
    targetWorkers: TARGET_WORKERS[
      checkEnum("target_workers", message.targetWorkers, TargetWorkersNumber) as TargetWorkersNumber
    ],
    requireExactlyOnce: false,
    requestId: null,
    randomName,
  };
}

/** A request to join a pass, before its sources are described. */
export function checkGetOrCreateIteration(
  { jobId, repetition }: IterationMessage,
): Omit<GetOrCreateIterationRequest, "sources"> {
  return {
    jobId: checkNumber64("job_id", jobId),
    repetition: checkNumber64("repetition", repetition),
    requestId: null,
  };
}

/** A reader's heartbeat. A consumer that has read no round yet says -1 or nothing. */
export function checkClientHeartbeat(message: ClientHeartbeatMessage): RoundReport {
  const { optionalCurrentRound, optionalBlockedRound } = message;
  return {
    clientId: checkNumber64("iteration_client_id", message.iterationClientId),
    currentRound: checkRound("current_round", optionalCurrentRound.value),
    blockedRound: checkRound("blocked_round", optionalBlockedRound.value),
  };
}

function checkRound(name: string, round: bigint | undefined): number | null {
  return round === undefined || round === -1n ? null : checkNumber64(name, round);
}

/** A consumer that cannot reach a task's worker; its program has no element of that round. */
export function checkMaybeRemoveTask(message: MaybeRemoveTaskMessage): MaybeRemoveTaskRequest {
  if (message.consumerIndex < 0n) {
    throw new FailedPreconditionError(`Consumer index must be 0 or more, got ${message.consumerIndex}`);
  }
  const round = checkNumber64("round", message.round);
  return {
    taskId: checkNumber64("task_id", message.taskId),
    consumerIndex: checkNumber64("consumer_index", message.consumerIndex),
    round,
    untakenRound: round,
  };
}

/**
 * The name that Sluice's own readers give to a job of a registered dataset. TensorFlow's put another slash into it, and
 * both should meet in one job.
 */
function sharedJobName(name: string): string {
  return name.replace(/^dataset_id=\//, "dataset_id=");
}
