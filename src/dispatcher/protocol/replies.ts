/** Replies of the core as messages of the protocol. */

import { create } from "@bufbuild/protobuf";
import { encodeConsumed } from "../../element/mod.ts";
import { type DatasetMetadata, DatasetMetadataSchema } from "../../gen/sluice/v1/dataset_pb.ts";
import {
  DeploymentMode as DeploymentModeNumber,
  type GetSplitResponse,
  GetSplitResponseSchema,
  LostClientsSchema,
  type WorkerHeartbeatResponse,
  WorkerHeartbeatResponseSchema,
} from "../../gen/sluice/v1/dispatcher_pb.ts";
import type { GetSplitReply } from "../core/get_split.ts";
import type { DeepReadonly } from "../core/deep_readonly.ts";
import type { DeploymentMode } from "../core/settings.ts";
import type { Dataset } from "../core/state.ts";
import type { WorkerHeartbeatReply } from "../core/worker_heartbeat.ts";
import { bytesOf } from "./bytes_of.ts";
import { toTaskDefs } from "./to_task_def.ts";

const DEPLOYMENT_MODES: Record<DeploymentMode, DeploymentModeNumber> = {
  remote: DeploymentModeNumber.REMOTE,
  colocated: DeploymentModeNumber.COLOCATED,
  hybrid: DeploymentModeNumber.HYBRID,
};

/** Where workers run, for the wire. */
export function toDeploymentMode(mode: DeploymentMode): DeploymentModeNumber {
  return DEPLOYMENT_MODES[mode];
}

/** What was registered with a dataset, for the wire. */
export function toMetadata({ metadata }: DeepReadonly<Dataset>): DatasetMetadata {
  return create(DatasetMetadataSchema, {
    elementSpec: bytesOf(metadata.elementSpec),
    compression: metadata.compression,
    cardinality: BigInt(metadata.cardinality),
  });
}

/** Splits or their end, for the wire. */
export function toGetSplitResponse(reply: GetSplitReply): GetSplitResponse {
  if (reply.kind === "end") {
    return create(GetSplitResponseSchema, {
      endOfSplits: true,
      sourceIsEmpty: reply.sourceIsEmpty,
      currentRepetition: BigInt(reply.currentRepetition),
    });
  }
  return create(GetSplitResponseSchema, {
    splits: reply.splits.map(({ start, end, names, repetition, consumed }) => ({
      start: BigInt(start),
      end: BigInt(end),
      names: [...names],
      repetition: BigInt(repetition),
      ...(consumed && { consumed: encodeConsumed([consumed]) }),
    })),
  });
}

/** What a worker should run, for the wire. */
export function toWorkerHeartbeatResponse(
  { newTasks, tasksToDelete, lostClients = [], drain = false }: WorkerHeartbeatReply,
  workerTimeoutMs: number,
): WorkerHeartbeatResponse {
  return create(WorkerHeartbeatResponseSchema, {
    newTasks: toTaskDefs(newTasks),
    tasksToDelete: tasksToDelete.map(BigInt),
    lostClients: lostClients.map(({ taskId, clientIds }) =>
      create(LostClientsSchema, { taskId: BigInt(taskId), iterationClientIds: clientIds.map(BigInt) })
    ),
    workerTimeoutMs: BigInt(workerTimeoutMs),
    drain,
  });
}
