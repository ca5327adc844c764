/** DispatcherService: a thin translation between the protocol and the core. */

import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import {
  FailedPreconditionError,
  InvalidArgumentError,
  type MaybePromise,
  type Random,
} from "../base/mod.ts";
import { DispatcherService } from "../gen/sluice/v1/dispatcher_pb.ts";
import { ShardingPolicy } from "../graph/mod.ts";
import { PROTOCOL_VERSION } from "../rpc/mod.ts";
import { clientHeartbeat } from "./core/client_heartbeat.ts";
import type { Handler } from "./core/decision.ts";
import type { Decided } from "./loop.ts";
import { getOrCreateIteration, neededSources } from "./core/get_or_create_iteration.ts";
import { getOrCreateJob } from "./core/get_or_create_job.ts";
import { getSplit } from "./core/get_split.ts";
import { getDataset, getView, getWorkers } from "./core/read_only.ts";
import { registerDataset } from "./core/register_dataset.ts";
import { releaseIterationClient } from "./core/release_client.ts";
import type { DispatcherSettings } from "./core/settings.ts";
import type { OrderView } from "./core/resume.ts";
import type { StateView } from "./core/state.ts";
import type { Weakness } from "./core/updates.ts";
import { sluiceFormat } from "./splits/sluice_format.ts";
import { drainWorker, unregisterWorker } from "./core/unregister_worker.ts";
import { workerHeartbeat } from "./core/worker_heartbeat.ts";
import { workerUpdate } from "./core/worker_update.ts";
import { checkAddress } from "./protocol/fields.ts";
import type { ReaderReplies } from "./protocol/reader_replies.ts";
import {
  toDeploymentMode,
  toGetSplitResponse,
  toMetadata,
  toWorkerHeartbeatResponse,
} from "./protocol/replies.ts";
import {
  checkClientHeartbeat,
  checkDatasetDef,
  checkDatasetId,
  checkGetOrCreateIteration,
  checkGetOrCreateJob,
  checkGetSplit,
  checkMaybeRemoveTask,
  checkMetadata,
  checkReleaseClient,
  checkRequestId,
  checkUid,
  checkWorkerHeartbeat,
  checkWorkerUpdate,
} from "./protocol/requests.ts";
import { toDatasetDef } from "./protocol/to_task_def.ts";
import type { FormatRegistry } from "./splits/format_registry.ts";
import type { SplitPlanner } from "./splits/split_planner.ts";
import type { TaskRemovals } from "./task_removals.ts";

/** What the handlers work with. */
export interface ServiceParts {
  readonly settings: DispatcherSettings;
  readonly random: Random;
  readonly formats: FormatRegistry;
  /** SHA-256 of a graph, in hex: equal graphs have equal ones. */
  fingerprint(graph: Uint8Array): MaybePromise<string>;
  readonly planner: SplitPlanner;
  readonly removals: TaskRemovals;
  readonly readerReplies: ReaderReplies;
  /** @throws {UnavailableError} unless the dispatcher is serving */
  checkServing(): void;
  readonly state: StateView;
  /** Runs an event; rejects with UnavailableError unless the dispatcher is serving. */
  run<Q, R>(handler: Handler<Q, R>, request: Q): Promise<R>;
  /** Resolves when what was decided so far is durable; undefined: it is. */
  settled(): MaybePromise<void>;
  /** As `run`, in two steps; throws where that would reject. */
  decide<Q, R>(handler: Handler<Q, R>, request: Q): Decided<R>;
}

/** Registers the handlers. */
export function routeDispatcherService(router: ConnectRouter, parts: ServiceParts): void {
  router.service(DispatcherService, { ...workerHandlers(parts), ...readerHandlers(parts) });
}

type Methods<K extends keyof ServiceImpl<typeof DispatcherService>> = Pick<
  ServiceImpl<typeof DispatcherService>,
  K
>;

function workerHandlers(
  parts: ServiceParts,
): Methods<
  | "workerHeartbeat"
  | "workerUpdate"
  | "unregisterWorker"
  | "drainWorker"
  | "getDatasetDef"
  | "getSplit"
  | "getWorkers"
  | "getVersion"
> {
  return {
    getVersion: () => ({ version: PROTOCOL_VERSION }),
    async workerHeartbeat(request) {
      const reply = await parts.run(workerHeartbeat, checkWorkerHeartbeat(request));
      parts.removals.begun(reply.newTasks.map(({ taskId }) => taskId));
      return toWorkerHeartbeatResponse(reply, parts.settings.workerTimeoutMs);
    },
    async workerUpdate(request) {
      await parts.run(workerUpdate, checkWorkerUpdate(request));
      return {};
    },
    async unregisterWorker({ workerAddress, workerUid }) {
      const address = checkAddress("workerAddress", workerAddress);
      await parts.run(unregisterWorker, { address, uid: checkUid(workerUid) });
      return {};
    },
    async drainWorker({ workerAddress }) {
      await parts.run(drainWorker, checkAddress("workerAddress", workerAddress));
      return {};
    },
    async getDatasetDef({ datasetId }) {
      return { dataset: toDatasetDef(await parts.run(getDataset, checkDatasetId(datasetId))) };
    },
    async getSplit(request) {
      return toGetSplitResponse(await parts.run(getSplit, checkGetSplit(request)));
    },
    async getWorkers() {
      const workers = await parts.run(getWorkers, null);
      return { workers: workers.map(({ address, tags }) => ({ address, tags: [...tags] })) };
    },
  };
}

function readerHandlers(
  parts: ServiceParts,
): Methods<
  | "getOrRegisterDataset"
  | "getDataServiceMetadata"
  | "getDataServiceConfig"
  | "getOrCreateJob"
  | "getOrCreateIteration"
  | "releaseIterationClient"
  | "clientHeartbeat"
  | "maybeRemoveTask"
> {
  const { settings, formats } = parts;
  return {
    async getOrRegisterDataset(request) {
      parts.checkServing();
      const { format, graph } = checkDatasetDef(request.dataset);
      const metadata = checkMetadata(request.metadata);
      const datasetId = request.datasetId === undefined ? null : checkDatasetId(request.datasetId);
      const requestId = checkRequestId(request.requestId);
      const reader = formats.get(format);
      if (format !== sluiceFormat.name) {
        throw new InvalidArgumentError(
          `Cannot register a dataset of format "${format}" through this protocol, but of "${sluiceFormat.name}" alone`,
        );
      }
      reader.check(graph);
      metadata.elementSpec = reader.canonicalSpec(metadata.elementSpec);
      const definition = { format, graph, fingerprint: await parts.fingerprint(graph), metadata };
      const { renewable } = request;
      return {
        datasetId: await parts.run(registerDataset, { ...definition, datasetId, renewable, requestId }),
      };
    },
    async getDataServiceMetadata({ datasetId }) {
      const dataset = await parts.run(getDataset, checkDatasetId(datasetId));
      checkReadable(dataset);
      return { metadata: toMetadata(dataset) };
    },
    getDataServiceConfig() {
      parts.checkServing();
      return { deploymentMode: toDeploymentMode(settings.deploymentMode) };
    },
    async getOrCreateJob(request) {
      const job = checkGetOrCreateJob(request, randomName(parts.random));
      checkReadable(parts.state.datasets.get(job.datasetId));
      const undivided = job.policy === ShardingPolicy.HINT && !hasShardHint(parts, job.datasetId);
      const weakness = weaknessOf(parts, job);
      return { jobId: BigInt(await parts.run(getOrCreateJob, { ...job, undivided, weakness })) };
    },
    async getOrCreateIteration(request) {
      parts.checkServing();
      const pass = checkGetOrCreateIteration(request);
      const { jobs, datasets } = parts.state;
      checkReadable(datasets.get(jobs.get(pass.jobId)?.datasetId ?? ""));
      const dataset = neededSources(parts.state, pass);
      // Others may begin the pass while the files are listed: then it is theirs that counts.
      const plan = dataset
        ? await parts.planner.plan(dataset, { ...pass, like: pass.checkpoint?.key })
        : { sources: null, key: parts.planner.keyWithoutSources(pass.checkpoint?.key) };
      const { clientId, key, view } = await parts.run(getOrCreateIteration, {
        ...pass,
        ...plan,
        order: pass.checkpoint && orderOf(parts, pass.jobId),
        randomName: randomName(parts.random),
      });
      // The workers have answered since, and named the addresses of their tasks.
      const present = await parts.run(getView, clientId) ?? view;
      return {
        iterationClientId: BigInt(clientId),
        iterationKey: key,
        state: parts.readerReplies.message(present),
      };
    },
    async releaseIterationClient(request) {
      await parts.run(releaseIterationClient, checkReleaseClient(request));
      return {};
    },
    async clientHeartbeat(request) {
      const view = await parts.run(clientHeartbeat, checkClientHeartbeat(request));
      return parts.readerReplies.message(view, request.knownTasksTag);
    },
    async maybeRemoveTask(request, { signal }) {
      const { removed, removedRound } = await parts.removals.maybeRemove(
        checkMaybeRemoveTask(request),
        signal,
      );
      return { removed, removedRound: BigInt(removedRound) };
    },
  };
}

/** What keeps a job's dataset from being visited exactly once; looked for only where it matters. */
function weaknessOf(
  { state, formats }: ServiceParts,
  { datasetId, policy }: { readonly datasetId: string; readonly policy: number },
): Weakness | null | undefined {
  const dataset = state.datasets.get(datasetId);
  if (policy !== ShardingPolicy.DYNAMIC || !dataset) return undefined;
  return formats.get(dataset.format).weakness?.(dataset.graph);
}

function orderOf({ state, formats }: ServiceParts, jobId: number): OrderView {
  const dataset = state.datasets.get(state.jobs.get(jobId)?.datasetId ?? "");
  return (dataset && formats.get(dataset.format).order?.(dataset.graph)) ?? null;
}

function hasShardHint({ state, formats }: ServiceParts, datasetId: string): boolean {
  const dataset = state.datasets.get(datasetId);
  return dataset !== undefined && (formats.get(dataset.format).hasShardHint?.(dataset.graph) ?? false);
}

/** Elements of other formats leave their workers in other protocols, which these readers do not speak. */
function checkReadable(dataset: { readonly id: string; readonly format: string } | undefined): void {
  if (!dataset || dataset.format === sluiceFormat.name) return;
  throw new FailedPreconditionError(
    `Dataset ${dataset.id} is of format "${dataset.format}", whose elements Sluice's own protocol does not carry: ` +
      "read it at the dispatcher's port for TensorFlow, as with `Dataset.fromTfDataService`",
  );
}

/** 64 random bits in hex. */
function randomName(random: Random): string {
  return [random.uint32(), random.uint32()].map((bits) => bits.toString(16).padStart(8, "0")).join("");
}
