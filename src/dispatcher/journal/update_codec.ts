/**
 * Updates as the protobuf messages of `journal.proto` and back: one entry a kind. The table's type asks for every
 * kind of {@linkcode Update}, and the field numbers in the protocol file make old journals readable.
 */

import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { assertNever, DataLossError } from "../../base/mod.ts";
import { type ConsumedSource, decodeConsumed, encodeConsumed } from "../../element/mod.ts";
import {
  JournalRecordSchema,
  type JournalRegisterDataset,
  type JournalResumption,
  type JournalResumptionSchema,
  type JournalShard,
  type JournalSource,
  type JournalSourceSchema,
  type JournalTransferServer,
  type JournalUpdate,
  JournalUpdateSchema,
  type JournalWeakness,
} from "../../gen/sluice/v1/journal_pb.ts";
import type { TargetWorkers } from "../core/state.ts";
import type { Resumption, SourceDescription, TransferServer, Update, Weakness } from "../core/updates.ts";
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
  drainWorker: { write: (update) => update, read: ({ address, at }) => ({ address, at }) },
  createJob: {
    write: ({ jobId, numConsumers, requestId, weakness, ...rest }) => ({
      ...rest,
      weakness: weakness ?? undefined,
      jobId: BigInt(jobId),
      numConsumers: numConsumers === null ? undefined : BigInt(numConsumers),
      requestId: requestId ?? undefined,
    }),
    read: (
      { jobId, name, named, datasetId, policy, numConsumers, useCrossTrainerCache, weakness, ...rest },
    ) => ({
      jobId: number(jobId),
      name,
      named,
      datasetId,
      policy,
      numConsumers: numConsumers === undefined ? null : number(numConsumers),
      useCrossTrainerCache,
      targetWorkers: targetWorkers(rest.targetWorkers),
      weakness: readWeakness(weakness),
      undivided: rest.undivided,
      requestId: rest.requestId ?? null,
      at: rest.at,
    }),
  },
  createIteration: {
    write: ({ iterationId, jobId, repetition, sources, resumption, ...rest }) => ({
      ...rest,
      resumption: resumption ? { kind: writeResumption(resumption) } : undefined,
      iterationId: BigInt(iterationId),
      jobId: BigInt(jobId),
      repetition: BigInt(repetition),
      sources: sources.map((source) => ({ kind: writeSource(source) })),
    }),
    read: ({ iterationId, key, jobId, repetition, sources, finished, resumption, at }) => ({
      iterationId: number(iterationId),
      key,
      jobId: number(jobId),
      repetition: number(repetition),
      sources: sources.map(readSource),
      finished,
      resumption: readResumption(resumption),
      at,
    }),
  },
  acquireClient: {
    write: ({ clientId, iterationId, requestId, gathers, at }) => ({
      clientId: BigInt(clientId),
      iterationId: BigInt(iterationId),
      requestId: requestId ?? undefined,
      gathers: gathers ?? false,
      at,
    }),
    read: ({ clientId, iterationId, requestId, gathers, at }) => ({
      clientId: number(clientId),
      iterationId: number(iterationId),
      requestId: requestId ?? null,
      gathers,
      at,
    }),
  },
  releaseClient: {
    write: ({ clientId, lost, at }) => ({ clientId: BigInt(clientId), lost: lost ?? false, at }),
    read: ({ clientId, lost, at }) => ({ clientId: number(clientId), lost, at }),
  },
  createTask: {
    write: ({ taskId, iterationId, address, shard, restOnly }) => ({
      taskId: BigInt(taskId),
      iterationId: BigInt(iterationId),
      address,
      shard: shard ?? undefined,
      restOnly: restOnly ?? false,
    }),
    read: ({ taskId, iterationId, address, shard, restOnly }) => ({
      taskId: number(taskId),
      iterationId: number(iterationId),
      address,
      shard: readShard(shard),
      restOnly,
    }),
  },
  addressTask: {
    write: ({ taskId, dataAddresses }) => ({ taskId: BigInt(taskId), dataAddresses }),
    read: ({ taskId, dataAddresses }) => ({ taskId: number(taskId), dataAddresses }),
  },
  finishTask: {
    write: ({ taskId, at, numDropped = 0, notes }) => ({
      taskId: BigInt(taskId),
      at,
      numDropped: BigInt(numDropped),
      notes: notes && {
        leftOut: BigInt(notes.leftOut),
        streams: notes.streams.map(([compression, count]) => ({ compression, count: BigInt(count) })),
      },
    }),
    read: ({ taskId, at, numDropped, notes }) => ({
      taskId: number(taskId),
      at,
      numDropped: number(numDropped),
      notes: notes && {
        leftOut: number(notes.leftOut),
        streams: notes.streams.map(({ compression, count }) => [compression, number(count)]),
      },
    }),
  },
  leaseSplit: {
    write: ({ taskId, source, repetition, requestId, start, end, again, at }) => ({
      taskId: BigInt(taskId),
      source,
      repetition: BigInt(repetition),
      requestId: BigInt(requestId),
      start: BigInt(start),
      end: BigInt(end),
      again: again ?? false,
      at,
    }),
    read: ({ taskId, source, repetition, requestId, start, end, again, at }) => ({
      taskId: number(taskId),
      source,
      repetition: number(repetition),
      requestId: number(requestId),
      start: number(start),
      end: number(end),
      again,
      at,
    }),
  },
  endSplits: {
    write: ({ taskId, source, requestId }) => ({
      taskId: BigInt(taskId),
      source,
      requestId: BigInt(requestId),
    }),
    read: ({ taskId, source, requestId }) => ({
      taskId: number(taskId),
      source,
      requestId: number(requestId),
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
  reserveSplits: {
    write: ({ iterationId, source, repetition, end }) => ({
      iterationId: BigInt(iterationId),
      source,
      repetition: BigInt(repetition),
      end: BigInt(end),
    }),
    read: ({ iterationId, source, repetition, end }) => ({
      iterationId: number(iterationId),
      source,
      repetition: number(repetition),
      end: number(end),
    }),
  },
  beginRun: {
    write: ({ boot }) => ({ boot: boot ?? undefined }),
    read: ({ boot }) => ({ boot: boot ?? null }),
  },
  settleCompression: {
    write: (update) => update,
    read: ({ datasetId, disabled }) => ({ datasetId, disabled }),
  },
  consume: {
    write: ({ clientId, taskId, consumed }) => ({
      clientId: BigInt(clientId),
      taskId: BigInt(taskId),
      consumed: encodeConsumed(consumed),
    }),
    read: ({ clientId, taskId, consumed }) => ({
      clientId: number(clientId),
      taskId: number(taskId),
      consumed: readConsumed(consumed),
    }),
  },
  leaveTask: {
    write: ({ clientId, taskId }) => ({ clientId: BigInt(clientId), taskId: BigInt(taskId) }),
    read: ({ clientId, taskId }) => ({ clientId: number(clientId), taskId: number(taskId) }),
  },
  loseTask: {
    write: ({ taskId, at }) => ({ taskId: BigInt(taskId), at }),
    read: ({ taskId, at }) => ({ taskId: number(taskId), at }),
  },
  excludeTaken: {
    write: ({ iterationId, consumed }) => ({
      iterationId: BigInt(iterationId),
      consumed: encodeConsumed(consumed),
    }),
    read: ({ iterationId, consumed }) => ({
      iterationId: number(iterationId),
      consumed: readConsumed(consumed),
    }),
  },
  resumeClient: {
    write: ({ iterationId, clientId, heirId, consumed }) => ({
      iterationId: BigInt(iterationId),
      clientId: BigInt(clientId),
      heirId: BigInt(heirId),
      consumed: encodeConsumed(consumed),
    }),
    read: ({ iterationId, clientId, heirId, consumed }) => ({
      iterationId: number(iterationId),
      clientId: number(clientId),
      heirId: number(heirId),
      consumed: readConsumed(consumed),
    }),
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
    write: ({ jobId, datasetId, weakness }) => ({
      jobId: BigInt(jobId),
      datasetId,
      weakness: weakness ?? undefined,
    }),
    read: ({ jobId, datasetId, weakness }) => ({
      jobId: number(jobId),
      datasetId,
      weakness: readWeakness(weakness),
    }),
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

function writeResumption(
  resumption: Resumption,
): MessageInitShape<typeof JournalResumptionSchema>["kind"] {
  switch (resumption.kind) {
    case "position":
      return { case: "position", value: BigInt(resumption.position) };
    case "excluded": {
      const { consumed, readers, until } = resumption;
      return {
        case: "excluded",
        value: { consumed: encodeConsumed(consumed), readers: BigInt(readers), until },
      };
    }
    case "only":
      return { case: "only", value: encodeConsumed(resumption.rest) };
    default:
      return assertNever(resumption);
  }
}

function readResumption(resumption: JournalResumption | undefined): Resumption | null {
  if (!resumption) return null;
  const { kind } = resumption;
  switch (kind.case) {
    case "position":
      return { kind: "position", position: number(kind.value) };
    case "excluded": {
      const { consumed, readers, until } = kind.value;
      return { kind: "excluded", consumed: readConsumed(consumed), readers: number(readers), until };
    }
    case "only":
      return { kind: "only", rest: readConsumed(kind.value) };
    default:
      throw new DataLossError("Resumption type not set: another version of this program may have written it");
  }
}

function readConsumed(bytes: Uint8Array): ConsumedSource[] {
  return decodeConsumed(bytes).sources();
}

function readWeakness(weakness: JournalWeakness | undefined): Weakness | null {
  return weakness ? { operator: weakness.operator, reason: weakness.reason } : null;
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
