/** TensorFlow's messages about snapshots, and what they mean. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { InvalidArgumentError } from "../../base/mod.ts";
import {
  DatasetDefSchema,
  SnapshotStreamInfo_State,
  type SnapshotStreamInfoSchema,
  type SnapshotTaskDefSchema,
} from "../../gen/tensorflow/data/common_pb.ts";
import type {
  GetSnapshotSplitRequest,
  SnapshotRequest,
  WorkerHeartbeatRequest,
} from "../../gen/tensorflow/data/dispatcher_pb.ts";
import { DistributedSnapshotMetadataSchema } from "../../gen/tensorflow/data/experimental/snapshot_pb.ts";
import type { SplitRequest } from "./core/splits.ts";
import type { SnapshotDescription } from "./description.ts";
import type { StreamReport, StreamState, StreamTask } from "./snapshots.ts";

/** The names of status codes, by their numbers. */
const CODE_NAMES: readonly string[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

const STREAM_STATES: Readonly<Record<StreamState, SnapshotStreamInfo_State>> = {
  done: SnapshotStreamInfo_State.DONE,
  assigned: SnapshotStreamInfo_State.ASSIGNED,
  orphan: SnapshotStreamInfo_State.ORPHAN,
};

/** What a request to begin a snapshot describes. */
export function toDescription({ dataset, metadata }: SnapshotRequest): SnapshotDescription {
  return {
    dataset: dataset ?? create(DatasetDefSchema),
    metadata: metadata ?? create(DistributedSnapshotMetadataSchema),
  };
}

/** @throws {InvalidArgumentError} for numbers that no stream, source or repetition has */
export function toSplitRequest(request: GetSnapshotSplitRequest): SplitRequest {
  return {
    worker: request.workerAddress,
    stream: toNumber("stream_index", request.streamIndex),
    source: toNumber("source_index", request.sourceIndex),
    repetition: toNumber("repetition_index", request.repetitionIndex),
  };
}

function toNumber(name: string, value: bigint): number {
  if (value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new InvalidArgumentError(`\`${name}\` must be from 0 to ${Number.MAX_SAFE_INTEGER}, got ${value}`);
}

/** How far a worker is with its streams. */
export function toReports({ snapshotTaskProgress }: WorkerHeartbeatRequest): StreamReport[] {
  return Object.entries(snapshotTaskProgress).map(([path, { snapshotTask, completed, status }]) => ({
    path,
    stream: Number(snapshotTask?.streamIndex ?? 0n),
    completed,
    error: status && status.code !== 0
      ? { code: CODE_NAMES[status.code] ?? "UNKNOWN", message: status.message }
      : null,
  }));
}

/** A stream for its worker. */
export function toTaskDef(
  { path, stream, numSources, metadata }: StreamTask,
): MessageInitShape<typeof SnapshotTaskDefSchema> {
  return { basePath: path, streamIndex: BigInt(stream), numSources: BigInt(numSources), metadata };
}

/** Streams with their states, in their order. */
export function toStreamInfos(
  states: ReadonlyMap<number, StreamState>,
): MessageInitShape<typeof SnapshotStreamInfoSchema>[] {
  return [...states].sort(([a], [b]) => a - b).map(([index, state]) => ({
    index: BigInt(index),
    state: STREAM_STATES[state],
  }));
}
