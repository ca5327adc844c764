/** Any update of any kind: the type asks for every kind and every field. */

import fc from "fast-check";
import type { Update } from "../../../src/dispatcher/core/updates.ts";

type Kind = Update["type"];
type Of<K extends Kind> = Extract<Update, { type: K }>;

const id = fc.maxSafeNat();
const at = fc.double({ noNaN: true, noDefaultInfinity: true }).map((time) => time + 0); // -0 is no time.
const text = fc.string({ unit: "grapheme" });
const texts = fc.array(text);
const requestId = fc.option(text);
const small = fc.nat(1_000_000);
const shard = fc.option(fc.record({ index: small, count: small }));
const graph = fc.uint8Array();
const fingerprint = fc.string({ minLength: 1, unit: fc.constantFrom(..."0123456789abcdef") });

const ARBITRARIES: { readonly [K in Kind]: fc.Arbitrary<Required<Of<K>>> } = {
  registerDataset: record("registerDataset", {
    datasetId: text,
    format: text,
    graph,
    fingerprint,
    metadata: fc.record({
      elementSpec: fc.uint8Array(),
      compression: small,
      cardinality: fc.oneof(id, fc.constantFrom(-1, -2)),
    }),
    requestId,
    renewable: fc.boolean(),
    at,
  }),
  registerWorker: record("registerWorker", {
    address: text,
    uid: text,
    tags: texts,
    formats: texts,
    transferServers: fc.array(
      fc.record({
        protocol: text,
        address: text,
        compatibilityInfo: fc.uint8Array(),
        fallBackAtCreation: fc.boolean(),
        fallBackAtGetElement: fc.boolean(),
      }),
      { minLength: 1 },
    ),
    slot: fc.option(small),
    firstFreeTaskId: id,
    at,
  }),
  loseWorker: record("loseWorker", { address: text, at }),
  removeWorker: record("removeWorker", { address: text, at }),
  createJob: record("createJob", {
    jobId: id,
    name: text,
    named: fc.boolean(),
    datasetId: text,
    policy: small,
    numConsumers: fc.option(id),
    useCrossTrainerCache: fc.boolean(),
    targetWorkers: fc.constantFrom("AUTO" as const, "ANY" as const, "LOCAL" as const),
    undivided: fc.boolean(),
    requestId,
    at,
  }),
  createIteration: record("createIteration", {
    iterationId: id,
    jobId: id,
    repetition: id,
    sources: fc.array(fc.oneof(
      fc.record({ kind: fc.constant("indexes" as const), count: fc.oneof(id, fc.constant(-1)) }),
      fc.record({ kind: fc.constant("files" as const), names: texts }),
    )),
    finished: fc.boolean(),
    at,
  }),
  acquireClient: record("acquireClient", { clientId: id, iterationId: id, requestId, at }),
  releaseClient: record("releaseClient", { clientId: id, at }),
  createTask: record("createTask", { taskId: id, iterationId: id, address: text, shard }),
  createPendingTask: record("createPendingTask", {
    taskId: id,
    iterationId: id,
    address: text,
    shard,
    targetRound: id,
  }),
  acceptRound: record("acceptRound", { iterationId: id, clientId: id }),
  rejectRound: record("rejectRound", { iterationId: id, clientId: id, targetRound: id }),
  removeTask: record("removeTask", { taskId: id, round: id }),
  addressTask: record("addressTask", { taskId: id, dataAddresses: texts }),
  finishTask: record("finishTask", { taskId: id, at, numDropped: id }),
  leaseSplit: record("leaseSplit", {
    taskId: id,
    source: small,
    repetition: id,
    requestId: id,
    start: id,
    end: id,
    at,
  }),
  takeSplit: record("takeSplit", { iterationId: id, source: small, repetition: id, index: id }),
  settleCompression: record("settleCompression", { datasetId: text, disabled: fc.boolean() }),
  collectIteration: record("collectIteration", { iterationId: id, at }),
  freeIteration: record("freeIteration", { iterationId: id, at }),
  adoptDataset: record("adoptDataset", { jobId: id, datasetId: text }),
  freeJob: record("freeJob", { jobId: id }),
  freeDataset: record("freeDataset", { datasetId: text }),
  beginSnapshot: record("beginSnapshot", { path: text }),
  endSnapshot: record("endSnapshot", { path: text }),
  forgetSnapshot: record("forgetSnapshot", { path: text }),
};

/** Any update. */
export const arbitraryUpdate: fc.Arbitrary<Update> = fc.oneof(...Object.values(ARBITRARIES));

function record<K extends Kind>(
  type: K,
  fields: { [F in keyof Required<Omit<Of<K>, "type">>]: fc.Arbitrary<Required<Of<K>>[F]> },
): fc.Arbitrary<Required<Of<K>>> {
  return fc.record({ ...fields, type: fc.constant(type) }, { noNullPrototype: true }) as fc.Arbitrary<
    Required<Of<K>>
  >;
}
