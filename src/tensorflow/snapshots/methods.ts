/** The methods of TensorFlow's dispatcher that snapshots need. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { SnapshotTaskDefSchema } from "../../gen/tensorflow/data/common_pb.ts";
import {
  DispatcherService,
  GetSnapshotSplitRequestSchema,
  type WorkerHeartbeatRequest,
} from "../../gen/tensorflow/data/dispatcher_pb.ts";
import { decodeRequest, type GrpcHandler, methodPath, unary } from "../grpc/mod.ts";
import { toDescription, toReports, toSplitRequest, toStreamInfos, toTaskDef } from "./messages.ts";
import type { SplitReply } from "./snapshot.ts";
import type { Snapshots } from "./snapshots.ts";

/** What the methods work with. */
export interface SnapshotParts {
  snapshots: Snapshots;
  /** Throws unless the dispatcher is serving. */
  checkServing(): void;
  /** Whether a worker is known to be gone. */
  isLost(worker: string): boolean;
}

/** Entries of `GrpcMethods`. */
export function snapshotMethods(
  { snapshots, checkServing, isLost }: SnapshotParts,
): [path: string, handler: GrpcHandler][] {
  const { method } = DispatcherService;
  return [
    unary(method.snapshot, async (request) => {
      checkServing();
      await snapshots.begin(request.path, toDescription(request));
      return {};
    }),
    [methodPath(method.getSnapshotSplit), async (bytes, context) => {
      checkServing();
      const request = decodeRequest(GetSnapshotSplitRequestSchema, bytes);
      const split = toSplitRequest(request);
      return encodeReply(await snapshots.split(request.basePath, split, () => context.signal));
    }],
    unary(method.getSnapshotStreams, async ({ path }) => {
      checkServing();
      return { streams: toStreamInfos(await snapshots.streams(path, isLost)) };
    }),
  ];
}

/** What a worker's heartbeat has to answer of snapshots: every stream that it should go on writing. */
export async function snapshotTasks(
  snapshots: Snapshots,
  request: WorkerHeartbeatRequest,
): Promise<MessageInitShape<typeof SnapshotTaskDefSchema>[]> {
  const tasks = await snapshots.heartbeat(request.workerAddress, toReports(request));
  return tasks.map(toTaskDef);
}

/** A `GetSnapshotSplitResponse` around a tensor that is encoded already. */
function encodeReply({ split, local }: SplitReply): Uint8Array {
  const writer = new BinaryWriter();
  if (split) writer.tag(1, WireType.LengthDelimited).bytes(split);
  else writer.tag(2, WireType.Varint).bool(true);
  if (local !== 0) writer.tag(3, WireType.Varint).int64(local);
  return writer.finish();
}
