/** What TensorFlow's readers are told, encoded once for each state of an iteration, not for each reader. */

import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { ClientView, DeploymentMode, TaskInfo } from "../../dispatcher/mod.ts";
import { ClientHeartbeatResponseSchema } from "../../gen/tensorflow/data/dispatcher_pb.ts";
import { TaskInfoSchema } from "../../gen/tensorflow/data/common_pb.ts";
import { DeploymentMode as DeploymentModeNumber } from "../../gen/tensorflow/data/dataset_pb.ts";

const DEPLOYMENT_MODES: Record<DeploymentMode, DeploymentModeNumber> = {
  remote: DeploymentModeNumber.REMOTE,
  colocated: DeploymentModeNumber.COLOCATED,
  hybrid: DeploymentModeNumber.HYBRID,
};

/** Where workers run, for the wire. */
export function toDeploymentMode(mode: DeploymentMode): DeploymentModeNumber {
  return DEPLOYMENT_MODES[mode];
}

/** Field `block_round` of `ClientHeartbeatResponse`. */
const BLOCK_ROUND = 3;

/** Replies to readers. */
export class ReaderReplies {
  readonly #mode: DeploymentModeNumber;
  // The core gives the same array as long as nothing changes.
  readonly #encoded = new WeakMap<readonly TaskInfo[], { finished: boolean; bytes: Uint8Array }>();

  /** Replies of a dispatcher whose workers run as `mode` says. */
  constructor(mode: DeploymentMode) {
    this.#mode = toDeploymentMode(mode);
  }

  /** A `ClientHeartbeatResponse`, in pieces that make one message together. */
  encoded({ tasks, finished, blockRound }: ClientView): readonly Uint8Array[] {
    let known = this.#encoded.get(tasks);
    if (known?.finished !== finished) {
      const bytes = toBinary(
        ClientHeartbeatResponseSchema,
        create(ClientHeartbeatResponseSchema, {
          taskInfo: tasks.map(toTaskInfo),
          iterationFinished: finished,
          deploymentMode: this.#mode,
        }),
      );
      this.#encoded.set(tasks, known = { finished, bytes });
    }
    if (blockRound === undefined) return [known.bytes];
    const own = new BinaryWriter().tag(BLOCK_ROUND, WireType.Varint).int64(blockRound).finish();
    return [known.bytes, own];
  }
}

function toTaskInfo(task: TaskInfo) {
  return create(TaskInfoSchema, {
    workerAddress: task.address,
    transferServers: task.transferServers?.map((server) => ({
      protocol: server.protocol,
      address: server.address,
      compatibilityInfo: server.compatibilityInfo as Uint8Array<ArrayBuffer>,
      fallBackToGrpcAtClientCreationTime: server.fallBackAtCreation,
      fallBackToGrpcAtGetElementTime: server.fallBackAtGetElement,
    })),
    workerTags: [...task.tags],
    taskId: BigInt(task.taskId),
    iterationId: BigInt(task.iterationId),
    workerUid: toUid(task.uid),
    startingRound: BigInt(task.startingRound ?? 0),
  });
}

/** TensorFlow's workers are told apart by numbers, Sluice's by texts; readers only report it. */
function toUid(uid: string): bigint {
  return /^-?\d{1,19}$/.test(uid) ? BigInt.asIntN(64, BigInt(uid)) : 0n;
}
