/** Any update of any kind: the type asks for every kind and every field. */

import fc from "fast-check";
import { ConsumedSet } from "../../../src/element/mod.ts";
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

// The largest number stands for outputs that an index does not have; no range of indexes ends there.
const bound = id.filter((number) => number < Number.MAX_SAFE_INTEGER);
const ranges = fc.uniqueArray(bound, { maxLength: 6 }).map((bounds) => {
  const sorted = bounds.sort((a, b) => a - b);
  return Array.from(
    { length: sorted.length >> 1 },
    (_, i) => ({ start: sorted[2 * i], end: sorted[2 * i + 1] }),
  );
});
const consumed = fc.array(fc.record({
  source: small,
  repetition: small,
  ranges,
  partial: fc.array(fc.record({ index: id, offsets: ranges })),
})).map((parts) => new ConsumedSet(parts).sources());
const weakness = fc.option(fc.record({ operator: text, reason: text }));

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
    weakness,
    undivided: fc.boolean(),
    requestId,
    at,
  }),
  createIteration: record("createIteration", {
    iterationId: id,
    key: text,
    jobId: id,
    repetition: id,
    sources: fc.array(fc.oneof(
      fc.record({ kind: fc.constant("indexes" as const), count: fc.oneof(id, fc.constant(-1)) }),
      fc.record({ kind: fc.constant("files" as const), names: texts }),
    )),
    finished: fc.boolean(),
    resumption: fc.option(fc.oneof(
      fc.record({ kind: fc.constant("position" as const), position: id }),
      fc.record({ kind: fc.constant("excluded" as const), consumed, readers: id, until: at }),
      fc.record({ kind: fc.constant("only" as const), rest: consumed }),
    )),
    at,
  }),
  acquireClient: record("acquireClient", {
    clientId: id,
    iterationId: id,
    requestId,
    gathers: fc.boolean(),
    at,
  }),
  releaseClient: record("releaseClient", { clientId: id, lost: fc.boolean(), at }),
  createTask: record("createTask", {
    taskId: id,
    iterationId: id,
    address: text,
    shard,
    restOnly: fc.boolean(),
  }),
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
  finishTask: record("finishTask", {
    taskId: id,
    at,
    numDropped: id,
    notes: fc.record({ leftOut: id, streams: fc.array(fc.tuple(small, id), { maxLength: 3 }) }),
  }),
  leaseSplit: record("leaseSplit", {
    taskId: id,
    source: small,
    repetition: id,
    requestId: id,
    start: id,
    end: id,
    again: fc.boolean(),
    at,
  }),
  endSplits: record("endSplits", { taskId: id, source: small, requestId: id }),
  drainWorker: record("drainWorker", { address: text, at }),
  consume: record("consume", { clientId: id, taskId: id, consumed }),
  leaveTask: record("leaveTask", { clientId: id, taskId: id }),
  loseTask: record("loseTask", { taskId: id, at }),
  excludeTaken: record("excludeTaken", { iterationId: id, consumed }),
  resumeClient: record("resumeClient", { iterationId: id, clientId: id, heirId: id, consumed }),
  takeSplit: record("takeSplit", { iterationId: id, source: small, repetition: id, index: id }),
  reserveSplits: record("reserveSplits", { iterationId: id, source: small, repetition: id, end: id }),
  beginRun: record("beginRun", { boot: fc.option(text) }),
  settleCompression: record("settleCompression", { datasetId: text, disabled: fc.boolean() }),
  collectIteration: record("collectIteration", { iterationId: id, at }),
  freeIteration: record("freeIteration", { iterationId: id, at }),
  adoptDataset: record("adoptDataset", { jobId: id, datasetId: text, weakness }),
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
