/** Requests of the protocol, checked field by field, as the core takes them. */

import { InvalidArgumentError, messageOf } from "../../base/mod.ts";
import { type ConsumedSource, decodeConsumed } from "../../element/mod.ts";
import {
  Compression,
  type DatasetDef,
  type DatasetMetadata as DatasetMetadataMessage,
} from "../../gen/sluice/v1/dataset_pb.ts";
import {
  type ClientHeartbeatRequest as ClientHeartbeatMessage,
  type GetOrCreateIterationRequest as IterationMessage,
  type GetOrCreateJobRequest as JobMessage,
  type GetSplitRequest as SplitMessage,
  type MaybeRemoveTaskRequest as MaybeRemoveTaskMessage,
  type ReleaseIterationClientRequest as ReleaseClientMessage,
  TargetWorkers as TargetWorkersNumber,
  type TaskConsumption as TaskConsumptionMessage,
  type WorkerHeartbeatRequest as HeartbeatMessage,
  type WorkerUpdateRequest as UpdateMessage,
} from "../../gen/sluice/v1/dispatcher_pb.ts";
import { ShardingPolicy, UNKNOWN_CARDINALITY } from "../../graph/mod.ts";
import type { TaskAddresses } from "../core/address_task.ts";
import type { ClientHeartbeatRequest } from "../core/client_heartbeat.ts";
import type { TaskConsumption } from "../core/consumption.ts";
import type { GetOrCreateIterationRequest } from "../core/get_or_create_iteration.ts";
import type { GetOrCreateJobRequest } from "../core/get_or_create_job.ts";
import type { GetSplitRequest } from "../core/get_split.ts";
import type { MaybeRemoveTaskRequest } from "../core/maybe_remove_task.ts";
import type { ReleaseClientRequest } from "../core/release_client.ts";
import type { Checkpoint } from "../core/resume.ts";
import type { TargetWorkers } from "../core/state.ts";
import type { DatasetMetadata, TransferServer } from "../core/updates.ts";
import type { WorkerHeartbeatRequest } from "../core/worker_heartbeat.ts";
import type { TaskNotes } from "../core/task_notes.ts";
import type { WorkerUpdateRequest } from "../core/worker_update.ts";
import {
  checkAddress,
  checkCount,
  checkEnum,
  checkNumber64,
  checkNumbers64,
  checkPresent,
  checkText,
  checkTexts,
} from "./fields.ts";

/** Largest definition of a dataset, in bytes. */
export const MAX_GRAPH_BYTES = 256 * 1024 * 1024;

const MAX_TASKS = 100_000;

/** A worker's run, as the protocol limits it. */
export function checkUid(uid: string): string {
  return checkText("workerUid", uid, 1, 64);
}

/** The id of a dataset. */
export function checkDatasetId(id: string): string {
  return checkText("datasetId", id, 1, 1_024);
}

/** The random id that makes a request safe to repeat. */
export function checkRequestId(id: string): string {
  return checkText("requestId", id, 16, 64);
}

/** A heartbeat; whether its tags are fit for a worker is the core's matter. */
export function checkWorkerHeartbeat(message: HeartbeatMessage): WorkerHeartbeatRequest {
  const formats = checkTexts("formats", message.formats, { max: 16, minLength: 1, maxLength: 64 });
  if (formats.length === 0) throw new InvalidArgumentError("`formats` must not be empty");
  return {
    address: checkAddress("workerAddress", message.workerAddress),
    uid: checkUid(message.workerUid),
    tags: checkTexts("workerTags", message.workerTags, { max: 100, minLength: 0, maxLength: 256 }),
    formats,
    currentTasks: checkNumbers64("currentTasks", message.currentTasks, MAX_TASKS),
    taskAddresses: checkTaskAddresses(message.taskAddresses),
    notes: checkNotes(message.notes),
    ...(message.tensorflowAddress !== "" && {
      transferServers: [grpcServer(checkAddress("tensorflowAddress", message.tensorflowAddress))],
    }),
  };
}

/** What TensorFlow's clients look for among the servers of a task. */
function grpcServer(address: string): TransferServer {
  return {
    protocol: "grpc",
    address,
    compatibilityInfo: new Uint8Array(),
    fallBackAtCreation: false,
    fallBackAtGetElement: false,
  };
}

function checkTaskAddresses(messages: HeartbeatMessage["taskAddresses"]): TaskAddresses[] {
  checkCount("taskAddresses", messages, MAX_TASKS);
  return messages.map(({ taskId, dataAddresses }, i) => ({
    taskId: checkNumber64(`taskAddresses[${i}].taskId`, taskId),
    dataAddresses: checkDataAddresses(`taskAddresses[${i}].dataAddresses`, dataAddresses),
  }));
}

/** The addresses at which a task can be read; what they look like is the readers' matter. */
export function checkDataAddresses(name: string, addresses: readonly string[]): string[] {
  checkCount(name, addresses, 8);
  return addresses.map((address, i) => checkAddress(`${name}[${i}]`, address));
}

/** A report of ended tasks. */
export function checkWorkerUpdate(message: UpdateMessage): WorkerUpdateRequest {
  return {
    address: checkAddress("workerAddress", message.workerAddress),
    completedTasks: checkNumbers64("completedTasks", message.completedTasks, MAX_TASKS),
    droppedElements: checkCounts("droppedElements", message.droppedElements),
    notes: checkNotes(message.notes),
  };
}

function checkNotes(messages: HeartbeatMessage["notes"]): Map<number, TaskNotes> {
  const entries = Object.entries(messages);
  checkCount("notes", entries, MAX_TASKS);
  return new Map(entries.map(([taskId, { leftOut, streams }]) => {
    checkCount(`notes["${taskId}"].streams`, streams, 16);
    return [checkNumber64("notes key", BigInt(taskId)), {
      leftOut: checkNumber64(`notes["${taskId}"].leftOut`, leftOut),
      streams: streams.map(({ compression, count }) => [
        checkEnum(`notes["${taskId}"].streams.compression`, compression, Compression),
        checkNumber64(`notes["${taskId}"].streams.count`, count),
      ]),
    }];
  }));
}

/** Counts by the ids of tasks, which are keys in a message and so have become texts. */
function checkCounts(name: string, counts: { readonly [taskId: string]: bigint }): Map<number, number> {
  const entries = Object.entries(counts);
  checkCount(name, entries, MAX_TASKS);
  return new Map(entries.map(([taskId, count]) => [
    checkNumber64(`${name} key`, BigInt(taskId)),
    checkNumber64(`${name}["${taskId}"]`, count),
  ]));
}

/** A reader's heartbeat. */
export function checkClientHeartbeat(message: ClientHeartbeatMessage): ClientHeartbeatRequest {
  const { currentRound, blockedRound, consumed, leftTasks, starvedTasks } = message;
  return {
    clientId: checkNumber64("iterationClientId", message.iterationClientId),
    currentRound: currentRound === undefined ? null : checkNumber64("currentRound", currentRound),
    blockedRound: blockedRound === undefined ? null : checkNumber64("blockedRound", blockedRound),
    // Most have nothing to say.
    ...(consumed.length > 0 && { consumed: checkTaskConsumption(consumed) }),
    ...(leftTasks.length > 0 && { leftTasks: checkNumbers64("leftTasks", leftTasks, MAX_TASKS) }),
    ...(starvedTasks.length > 0 && { starvedTasks: checkNumbers64("starvedTasks", starvedTasks, MAX_TASKS) }),
  };
}

/** A reader's leave. */
export function checkReleaseClient(message: ReleaseClientMessage): ReleaseClientRequest {
  return {
    clientId: checkNumber64("iterationClientId", message.iterationClientId),
    consumed: checkTaskConsumption(message.consumed),
  };
}

function checkTaskConsumption(messages: readonly TaskConsumptionMessage[]): TaskConsumption[] {
  checkCount("consumed", messages, MAX_TASKS);
  return messages.map(({ taskId, consumed }, i) => ({
    taskId: checkNumber64(`consumed[${i}].taskId`, taskId),
    consumed: checkConsumed(`consumed[${i}].consumed`, consumed),
  }));
}

function checkConsumed(name: string, bytes: Uint8Array): ConsumedSource[] {
  try {
    return decodeConsumed(bytes).sources();
  } catch (cause) {
    throw new InvalidArgumentError(`\`${name}\` must be a set of source elements: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** A consumer that cannot reach a task's worker. */
export function checkMaybeRemoveTask(message: MaybeRemoveTaskMessage): MaybeRemoveTaskRequest {
  const round = checkNumber64("round", message.round);
  const untakenRound = checkNumber64("untakenRound", message.untakenRound ?? message.round);
  if (untakenRound > round) {
    throw new InvalidArgumentError(
      `\`untakenRound\` must be at most \`round\` (${round}), got ${untakenRound}`,
    );
  }
  return {
    taskId: checkNumber64("taskId", message.taskId),
    consumerIndex: message.consumerIndex,
    round,
    untakenRound,
  };
}

/** A request for splits. */
export function checkGetSplit(message: SplitMessage): GetSplitRequest {
  return {
    iterationId: checkNumber64("iterationId", message.iterationId),
    taskId: checkNumber64("taskId", message.taskId),
    source: message.sourceIndex,
    repetition: checkNumber64("repetition", message.repetition),
    requestId: checkNumber64("requestId", message.requestId, 1n),
  };
}

/** A definition; what is in it is the format's matter. */
export function checkDatasetDef(message: DatasetDef | undefined): { format: string; graph: Uint8Array } {
  const { format, graph } = checkPresent("dataset", message);
  checkText("dataset.format", format, 1, 64);
  if (graph.length === 0 || graph.length > MAX_GRAPH_BYTES) {
    throw new InvalidArgumentError(
      `\`dataset.graph\` must have 1 to ${MAX_GRAPH_BYTES} bytes, got ${graph.length}`,
    );
  }
  return { format, graph };
}

/** Metadata; none given: nothing is known. */
export function checkMetadata(message: DatasetMetadataMessage | undefined): DatasetMetadata {
  if (!message) {
    return {
      elementSpec: new Uint8Array(),
      compression: Compression.AUTO_UNSPECIFIED,
      cardinality: UNKNOWN_CARDINALITY,
    };
  }
  return {
    elementSpec: message.elementSpec,
    compression: checkEnum("metadata.compression", message.compression, Compression),
    cardinality: checkNumber64("metadata.cardinality", message.cardinality, BigInt(UNKNOWN_CARDINALITY)),
  };
}

const TARGET_WORKERS: Record<TargetWorkersNumber, TargetWorkers> = {
  [TargetWorkersNumber.AUTO_UNSPECIFIED]: "AUTO",
  [TargetWorkersNumber.ANY]: "ANY",
  [TargetWorkersNumber.LOCAL]: "LOCAL",
};

/** A request for a job. */
export function checkGetOrCreateJob(message: JobMessage, randomName: string): GetOrCreateJobRequest {
  const { jobName, numConsumers } = message;
  if (numConsumers !== undefined && numConsumers < 1) {
    throw new InvalidArgumentError(`\`numConsumers\` must be 1 or more, got ${numConsumers}`);
  }
  if (numConsumers !== undefined && jobName === undefined) {
    throw new InvalidArgumentError("`jobName` must be set when setting `numConsumers`");
  }
  checkEnum("targetWorkers", message.targetWorkers, TargetWorkersNumber);
  return {
    datasetId: checkDatasetId(message.datasetId),
    policy: checkEnum("shardingPolicy", message.shardingPolicy, ShardingPolicy),
    name: jobName === undefined ? null : checkText("jobName", jobName, 1, 1_024),
    numConsumers: numConsumers ?? null,
    useCrossTrainerCache: message.useCrossTrainerCache,
    targetWorkers: TARGET_WORKERS[message.targetWorkers],
    requireExactlyOnce: message.requireExactlyOnce,
    requestId: checkRequestId(message.requestId),
    randomName,
  };
}

/** A request to join a pass, before its sources are described. */
export function checkGetOrCreateIteration(
  message: IterationMessage,
): Omit<GetOrCreateIterationRequest, "sources"> & { readonly checkpoint: Checkpoint | null } {
  const { checkpoint } = message;
  return {
    jobId: checkNumber64("jobId", message.jobId),
    repetition: checkNumber64("repetition", message.repetition),
    requestId: checkRequestId(message.requestId),
    begins: message.begins,
    checkpoint: checkpoint === undefined ? null : {
      key: checkText("checkpoint.iterationKey", checkpoint.iterationKey, 1, 64),
      clientId: checkNumber64("checkpoint.iterationClientId", checkpoint.iterationClientId),
      consumed: checkConsumed("checkpoint.consumed", checkpoint.consumed),
      position: checkNumber64("checkpoint.position", checkpoint.position),
      readers: checkpoint.numReaders,
    },
  };
}
