/** Replies of the core as messages of the protocol. */

import { create } from "@bufbuild/protobuf";
import { type DatasetMetadata, DatasetMetadataSchema } from "../../gen/sluice/v1/dataset_pb.ts";
import {
  type ClientHeartbeatResponse,
  ClientHeartbeatResponseSchema,
  DeploymentMode as DeploymentModeNumber,
  type GetSplitResponse,
  GetSplitResponseSchema,
  type TaskInfo as TaskInfoMessage,
  TaskInfoSchema,
} from "../../gen/sluice/v1/dispatcher_pb.ts";
import type { ClientView } from "../core/client_view.ts";
import type { GetSplitReply } from "../core/get_split.ts";
import type { DeepReadonly } from "../core/deep_readonly.ts";
import type { DeploymentMode } from "../core/settings.ts";
import type { TaskInfo } from "../core/task_view.ts";
import type { Dataset } from "../core/state.ts";
import { bytesOf } from "./bytes_of.ts";

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
    return create(GetSplitResponseSchema, { endOfSplits: true, sourceIsEmpty: reply.sourceIsEmpty });
  }
  const { start, end, names } = reply;
  return create(GetSplitResponseSchema, {
    splits: [{ start: BigInt(start), end: BigInt(end), names: [...names] }],
  });
}

// The core gives the same array as long as nothing changes; a thousand heartbeats a second share its messages.
const messages = new WeakMap<readonly TaskInfo[], TaskInfoMessage[]>();

function toTaskInfos(tasks: readonly TaskInfo[]): TaskInfoMessage[] {
  let made = messages.get(tasks);
  if (!made) {
    made = tasks.map((task) =>
      create(TaskInfoSchema, {
        taskId: BigInt(task.taskId),
        iterationId: BigInt(task.iterationId),
        workerAddress: task.address,
        dataAddresses: [...task.dataAddresses],
        workerUid: task.uid,
        workerTags: [...task.tags],
        finished: task.finished,
      })
    );
    messages.set(tasks, made);
  }
  return made;
}

/** What a reader should read, for the wire. */
export function toClientHeartbeatResponse(view: ClientView, mode: DeploymentMode): ClientHeartbeatResponse {
  return create(ClientHeartbeatResponseSchema, {
    tasks: toTaskInfos(view.tasks),
    iterationFinished: view.finished,
    deploymentMode: toDeploymentMode(mode),
  });
}
