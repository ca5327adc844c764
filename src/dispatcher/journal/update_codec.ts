/**
 * Updates as the protobuf messages of `journal.proto` and back: one entry a kind. The table's type asks for every
 * kind of {@linkcode Update}, and the field numbers in the protocol file make old journals readable.
 */

import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { assertNever, DataLossError } from "../../base/mod.ts";
import {
  JournalRecordSchema,
  type JournalRegisterDataset,
  type JournalShard,
  type JournalSource,
  type JournalSourceSchema,
  type JournalTransferServer,
  type JournalUpdate,
  JournalUpdateSchema,
} from "../../gen/sluice/v1/journal_pb.ts";
import type { TargetWorkers } from "../core/state.ts";
import type { SourceDescription, TransferServer, Update } from "../core/updates.ts";
import { type DefinitionInfo, definitionInfo } from "./definition_info.ts";

type Kind = Update["type"];
type Stored = Exclude<JournalUpdate["kind"], { case: undefined }>;
type StoredValue<K extends Kind> = Extract<Stored, { case: K }>["value"];
type StoredInit<K extends Kind> = Extract<
  NonNullable<MessageInitShape<typeof JournalUpdateSchema>["kind"]>,
  { case: K }
>["value"];
type Fields<K extends Kind> = Omit<Extract<Update, { type: K }>, "type">;
/** With every field named, also those that may be missing: else a new one could be forgotten here. */
type AllFields<K extends Kind> = { [F in keyof Required<Fields<K>>]: Fields<K>[F] };

/** Gives the definition of a dataset by its fingerprint. */
export type Definitions = (fingerprint: string) => Uint8Array;

interface Translation<K extends Kind> {
  write(update: Fields<K>): StoredInit<K>;
  read(value: StoredValue<K>, definitions: Definitions): AllFields<K>;
}

const TABLE: { readonly [K in Kind]: Translation<K> } = {
  registerDataset: {
    write: ({ graph, metadata, requestId, ...rest }) => {
      const { bytes, crc32c } = definitionInfo(rest.fingerprint, graph);
      return {
        ...rest,
        graphBytes: BigInt(bytes),
        graphCrc32c: crc32c,
        ...metadata,
        cardinality: BigInt(metadata.cardinality),
        requestId: requestId ?? undefined,
      };
    },
    read: (
      { datasetId, format, fingerprint, requestId, elementSpec, compression, cardinality, renewable, at },
      definitions,
    ) => ({
      datasetId,
      format,
      graph: definitions(fingerprint),
      fingerprint,
      metadata: { elementSpec, compression, cardinality: number(cardinality) },
      requestId: requestId ?? null,
      renewable,
      at,
    }),
  },
  registerWorker: {
    write: ({ slot, firstFreeTaskId, transferServers = [], ...rest }) => ({
      ...rest,
      transferServers,
      slot: slot ?? undefined,
      firstFreeTaskId: BigInt(firstFreeTaskId),
    }),
    read: ({ address, uid, tags, formats, transferServers, slot, firstFreeTaskId, at }) => ({
      address,
      uid,
      tags,
      formats,
      transferServers: transferServers.length > 0 ? transferServers.map(readTransferServer) : undefined,
      slot: slot ?? null,
      firstFreeTaskId: number(firstFreeTaskId),
      at,
    }),
  },
  loseWorker: { write: (update) => update, read: ({ address, at }) => ({ address, at }) },
  removeWorker: { write: (update) => update, read: ({ address, at }) => ({ address, at }) },
  createJob: {
    write: ({ jobId, numConsumers, requestId, ...rest }) => ({
      ...rest,
      jobId: BigInt(jobId),
      numConsumers: numConsumers === null ? undefined : BigInt(numConsumers),
      requestId: requestId ?? undefined,
    }),
    read: ({ jobId, name, named, datasetId, policy, numConsumers, useCrossTrainerCache, ...rest }) => ({
      jobId: number(jobId),
      name,
      named,
      datasetId,
      policy,
      numConsumers: numConsumers === undefined ? null : number(numConsumers),
      useCrossTrainerCache,
      targetWorkers: targetWorkers(rest.targetWorkers),
      undivided: rest.undivided,
      requestId: rest.requestId ?? null,
      at: rest.at,
    }),
  },
  createIteration: {
    write: ({ iterationId, jobId, repetition, sources, ...rest }) => ({
      ...rest,
      iterationId: BigInt(iterationId),
      jobId: BigInt(jobId),
      repetition: BigInt(repetition),
      sources: sources.map((source) => ({ kind: writeSource(source) })),
    }),
    read: ({ iterationId, jobId, repetition, sources, finished, at }) => ({
      iterationId: number(iterationId),
      jobId: number(jobId),
      repetition: number(repetition),
      sources: sources.map(readSource),
      finished,
      at,
    }),
  },
  acquireClient: {
    write: ({ clientId, iterationId, requestId, at }) => ({
      clientId: BigInt(clientId),
      iterationId: BigInt(iterationId),
      requestId: requestId ?? undefined,
      at,
    }),
    read: ({ clientId, iterationId, requestId, at }) => ({
      clientId: number(clientId),
      iterationId: number(iterationId),
      requestId: requestId ?? null,
      at,
    }),
  },
  releaseClient: {
    write: ({ clientId, at }) => ({ clientId: BigInt(clientId), at }),
    read: ({ clientId, at }) => ({ clientId: number(clientId), at }),
  },
  createTask: {
    write: ({ taskId, iterationId, address, shard }) => ({
      taskId: BigInt(taskId),
      iterationId: BigInt(iterationId),
      address,
      shard: shard ?? undefined,
    }),
    read: ({ taskId, iterationId, address, shard }) => ({
      taskId: number(taskId),
      iterationId: number(iterationId),
      address,
      shard: readShard(shard),
    }),
  },
  addressTask: {
    write: ({ taskId, dataAddresses }) => ({ taskId: BigInt(taskId), dataAddresses }),
    read: ({ taskId, dataAddresses }) => ({ taskId: number(taskId), dataAddresses }),
  },
  finishTask: {
    write: ({ taskId, at, numDropped = 0 }) => ({
      taskId: BigInt(taskId),
      at,
      numDropped: BigInt(numDropped),
    }),
    read: ({ taskId, at, numDropped }) => ({ taskId: number(taskId), at, numDropped: number(numDropped) }),
  },
  leaseSplit: {
    write: ({ taskId, source, repetition, requestId, start, end, at }) => ({
      taskId: BigInt(taskId),
      source,
      repetition: BigInt(repetition),
      requestId: BigInt(requestId),
      start: BigInt(start),
      end: BigInt(end),
      at,
    }),
    read: ({ taskId, source, repetition, requestId, start, end, at }) => ({
      taskId: number(taskId),
      source,
      repetition: number(repetition),
      requestId: number(requestId),
      start: number(start),
      end: number(end),
      at,
    }),
  },
  takeSplit: {
    write: ({ iterationId, source, repetition, index }) => ({
      iterationId: BigInt(iterationId),
      source,
      repetition: BigInt(repetition),
      index: BigInt(index),
    }),
    read: ({ iterationId, source, repetition, index }) => ({
      iterationId: number(iterationId),
      source,
      repetition: number(repetition),
      index: number(index),
    }),
  },
  settleCompression: {
    write: (update) => update,
    read: ({ datasetId, disabled }) => ({ datasetId, disabled }),
  },
  collectIteration: {
    write: ({ iterationId, at }) => ({ iterationId: BigInt(iterationId), at }),
    read: ({ iterationId, at }) => ({ iterationId: number(iterationId), at }),
  },
  createPendingTask: {
    write: ({ taskId, iterationId, address, shard, targetRound }) => ({
      taskId: BigInt(taskId),
      iterationId: BigInt(iterationId),
      address,
      shard: shard ?? undefined,
      targetRound: BigInt(targetRound),
    }),
    read: ({ taskId, iterationId, address, shard, targetRound }) => ({
      taskId: number(taskId),
      iterationId: number(iterationId),
      address,
      shard: readShard(shard),
      targetRound: number(targetRound),
    }),
  },
  acceptRound: {
    write: ({ iterationId, clientId }) => ({ iterationId: BigInt(iterationId), clientId: BigInt(clientId) }),
    read: ({ iterationId, clientId }) => ({ iterationId: number(iterationId), clientId: number(clientId) }),
  },
  rejectRound: {
    write: ({ iterationId, clientId, targetRound }) => ({
      iterationId: BigInt(iterationId),
      clientId: BigInt(clientId),
      targetRound: BigInt(targetRound),
    }),
    read: ({ iterationId, clientId, targetRound }) => ({
      iterationId: number(iterationId),
      clientId: number(clientId),
      targetRound: number(targetRound),
    }),
  },
  removeTask: {
    write: ({ taskId, round }) => ({ taskId: BigInt(taskId), round: BigInt(round) }),
    read: ({ taskId, round }) => ({ taskId: number(taskId), round: number(round) }),
  },
  freeIteration: {
    write: ({ iterationId, at }) => ({ iterationId: BigInt(iterationId), at }),
    read: ({ iterationId, at }) => ({ iterationId: number(iterationId), at }),
  },
  adoptDataset: {
    write: ({ jobId, datasetId }) => ({ jobId: BigInt(jobId), datasetId }),
    read: ({ jobId, datasetId }) => ({ jobId: number(jobId), datasetId }),
  },
  freeJob: {
    write: ({ jobId }) => ({ jobId: BigInt(jobId) }),
    read: ({ jobId }) => ({ jobId: number(jobId) }),
  },
  freeDataset: {
    write: ({ datasetId }) => ({ datasetId }),
    read: ({ datasetId }) => ({ datasetId }),
  },
  beginSnapshot: { write: (update) => update, read: ({ path }) => ({ path }) },
  endSnapshot: { write: (update) => update, read: ({ path }) => ({ path }) },
  forgetSnapshot: { write: (update) => update, read: ({ path }) => ({ path }) },
};

/** Every kind of update that a journal can hold. */
export const UPDATE_KINDS = Object.keys(TABLE) as readonly Kind[];

/** Updates as the bytes of a JournalRecord. What follows one another is one record with the updates of both. */
export function encodeUpdates(updates: readonly Update[]): Uint8Array<ArrayBuffer> {
  return toBinary(JournalRecordSchema, create(JournalRecordSchema, { updates: updates.map(writeUpdate) }));
}

/** A record whose updates wait for the definitions that they name. */
export interface DecodedRecord {
  /** What the updates name, oftener than once perhaps. */
  readonly definitions: readonly DefinitionInfo[];
  /** @throws {DataLossError} if an update is none that this program knows */
  updates(definitions: Definitions): Update[];
}

/** @throws {DataLossError} if `bytes` are no record of this program */
export function decodeUpdates(bytes: Uint8Array): DecodedRecord {
  let stored: readonly JournalUpdate[];
  try {
    stored = fromBinary(JournalRecordSchema, bytes).updates;
  } catch (error) {
    throw new DataLossError("Failed to parse a record of updates", { cause: error });
  }
  return {
    definitions: stored.flatMap(({ kind }) => kind.case === "registerDataset" ? [infoOf(kind.value)] : []),
    updates: (definitions) => stored.map(({ kind }) => readUpdate(kind, definitions)),
  };
}

function writeUpdate(update: Update): MessageInitShape<typeof JournalUpdateSchema> {
  const { type, ...fields } = update;
  // The table pairs each kind with its own translation; TypeScript cannot follow the pairs through the union.
  const { write } = TABLE[type] as Translation<typeof type>;
  return { kind: { case: type, value: write(fields as Fields<typeof type>) } as Stored };
}

function readUpdate(kind: JournalUpdate["kind"], definitions: Definitions): Update {
  if (kind.case === undefined) {
    throw new DataLossError("Update type not set: another version of this program may have written it");
  }
  const { read } = TABLE[kind.case] as Translation<typeof kind.case>;
  return { type: kind.case, ...read(kind.value as StoredValue<typeof kind.case>, definitions) } as Update;
}

function infoOf({ fingerprint, graphBytes, graphCrc32c }: JournalRegisterDataset): DefinitionInfo {
  return { fingerprint, bytes: number(graphBytes), crc32c: graphCrc32c };
}

function writeSource(source: SourceDescription): MessageInitShape<typeof JournalSourceSchema>["kind"] {
  switch (source.kind) {
    case "indexes":
      return { case: "indexCount", value: BigInt(source.count) };
    case "files":
      return { case: "files", value: { names: source.names } };
    default:
      return assertNever(source);
  }
}

function readSource({ kind }: JournalSource): SourceDescription {
  switch (kind.case) {
    case "indexCount":
      return { kind: "indexes", count: number(kind.value) };
    case "files":
      return { kind: "files", names: kind.value.names };
    default:
      throw new DataLossError("Source type not set: another version of this program may have written it");
  }
}

function readTransferServer(server: JournalTransferServer): TransferServer {
  const { protocol, address, compatibilityInfo, fallBackAtCreation, fallBackAtGetElement } = server;
  return { protocol, address, compatibilityInfo, fallBackAtCreation, fallBackAtGetElement };
}

function readShard(shard: JournalShard | undefined): { index: number; count: number } | null {
  return shard ? { index: shard.index, count: shard.count } : null;
}

function targetWorkers(text: string): TargetWorkers {
  if (text === "AUTO" || text === "ANY" || text === "LOCAL") return text;
  throw new DataLossError(`Target workers must be AUTO, ANY or LOCAL, got ${JSON.stringify(text)}`);
}

function number(value: bigint): number {
  const plain = Number(value);
  if (!Number.isSafeInteger(plain)) throw new DataLossError(`Number ${value} is out of range`);
  return plain;
}
