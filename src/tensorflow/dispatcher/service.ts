/** `tensorflow.data.DispatcherService`: a thin translation between TensorFlow's protocol and the dispatcher's core. */

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Random } from "../../base/mod.ts";
import {
  checkDatasetId,
  checkNumber64,
  clientHeartbeat,
  type Dataset,
  type DeepReadonly,
  getDataset,
  getOrCreateIteration,
  getOrCreateJob,
  getWorkerAddresses,
  neededSources,
  registerDataset,
  releaseIterationClient,
  type ServiceParts,
  settleCompression,
  SILENT_READERS,
  workerHeartbeat,
  workerUpdate,
} from "../../dispatcher/mod.ts";
import type { SnapshotTaskDefSchema } from "../../gen/tensorflow/data/common_pb.ts";
import {
  DataServiceMetadata_Compression as Compression,
  type DataServiceMetadataSchema,
} from "../../gen/tensorflow/data/dataset_pb.ts";
import {
  ClientHeartbeatRequestSchema,
  DispatcherService,
  GetVersionResponseSchema,
  type WorkerHeartbeatRequest,
} from "../../gen/tensorflow/data/dispatcher_pb.ts";
import { decodeRequest, type GrpcHandler, type GrpcMethods, methodPath, unary } from "../grpc/mod.ts";
import { prepareGraph } from "../graph/prepare_graph.ts";
import { type Chunks, ChunkSplits } from "./chunk_splits.ts";
import { getSplitHandler } from "./get_split.ts";
import { ReaderReplies, toDeploymentMode } from "./reader_replies.ts";
import {
  checkClientHeartbeat,
  checkGetOrCreateIteration,
  checkGetOrCreateJob,
  checkGraph,
  checkMaybeRemoveTask,
  checkMetadata,
  checkWorkerHeartbeat,
  checkWorkerUpdate,
} from "./requests.ts";
import { toTaskDefs } from "./task_def.ts";
import { TENSORFLOW, tensorflowFormat } from "./tensorflow_format.ts";

/** The version of the protocol, that of TensorFlow 2.21: its clients and workers refuse any other. */
export const PROTOCOL_VERSION = 9n;

/** The dispatcher's side of saved datasets. */
export interface SnapshotService {
  /** Entries for the methods Snapshot, GetSnapshotSplit and GetSnapshotStreams. */
  readonly methods: readonly (readonly [path: string, handler: GrpcHandler])[];
  /** What a worker's heartbeat has to answer of snapshots. */
  tasks(request: WorkerHeartbeatRequest): Promise<MessageInitShape<typeof SnapshotTaskDefSchema>[]>;
  /** The chunks of the snapshot at a path. */
  openChunks(path: string): Chunks;
}

/** What the service works with. */
export interface TensorFlowServiceParts {
  readonly parts: ServiceParts;
  readonly snapshots: SnapshotService;
  /** The encoded element spec of one of Sluice's datasets. Rejects where TensorFlow cannot hold its elements. */
  specOf(dataset: DeepReadonly<Dataset>): Promise<Uint8Array>;
}

/** All methods. */
export function tensorflowMethods(service: TensorFlowServiceParts): GrpcMethods {
  const { parts, snapshots } = service;
  const chunks = new ChunkSplits(parts, (path) => snapshots.openChunks(path));
  return new Map([
    ...workerMethods(service),
    ...datasetMethods(service),
    ...readerMethods(service),
    [methodPath(DispatcherService.method.getSplit), getSplitHandler(parts, chunks)],
    ...snapshots.methods,
  ]);
}

type Methods = [path: string, handler: GrpcHandler][];

function workerMethods({ parts, snapshots }: TensorFlowServiceParts): Methods {
  const { method } = DispatcherService;
  return [
    unary(method.workerHeartbeat, async (request) => {
      const { newTasks, tasksToDelete } = await parts.run(workerHeartbeat, checkWorkerHeartbeat(request));
      parts.removals.begun(newTasks.map(({ taskId }) => taskId));
      return {
        newTasks: toTaskDefs(newTasks),
        tasksToDelete: tasksToDelete.map(BigInt),
        snapshotTasks: await snapshots.tasks(request),
      };
    }),
    unary(method.workerUpdate, async (request) => {
      await parts.run(workerUpdate, checkWorkerUpdate(request));
      return {};
    }),
    unary(method.getDatasetDef, async ({ datasetId }) => {
      const { graph } = await parts.run(getDataset, checkDatasetId(datasetId));
      return { datasetDef: { graph: graph as Uint8Array<ArrayBuffer> } };
    }),
    unary(method.getWorkers, async () => {
      const addresses = await parts.run(getWorkerAddresses, null);
      return { workers: addresses.map((address) => ({ address })) };
    }),
  ];
}

function datasetMethods({ parts, specOf }: TensorFlowServiceParts): Methods {
  const { method } = DispatcherService;
  const version = toBinary(
    GetVersionResponseSchema,
    create(GetVersionResponseSchema, { version: PROTOCOL_VERSION }),
  );
  return [
    // Also before the dispatcher serves: whoever speaks another version need not wait to hear so.
    [methodPath(method.getVersion), () => version],
    unary(method.getOrRegisterDataset, async (request) => {
      parts.checkServing();
      const graph = prepareGraph(checkGraph(request.dataset));
      const metadata = checkMetadata(request.metadata);
      metadata.elementSpec = tensorflowFormat.canonicalSpec(metadata.elementSpec);
      const { optionalDatasetId: { value: id } } = request;
      const datasetId = await parts.run(registerDataset, {
        format: TENSORFLOW,
        graph,
        fingerprint: await parts.fingerprint(graph),
        metadata,
        datasetId: id === undefined ? null : checkDatasetId(id),
        requestId: null,
      });
      return { datasetId };
    }),
    unary(method.getDataServiceMetadata, async ({ datasetId }) => {
      const dataset = await parts.run(getDataset, checkDatasetId(datasetId));
      if (dataset.format === TENSORFLOW) return { metadata: toMetadata(dataset) };
      const value = await specOf(dataset) as Uint8Array<ArrayBuffer>;
      return {
        metadata: {
          optionalElementSpec: { case: "elementSpec" as const, value },
          compression: Compression.OFF,
          cardinality: BigInt(dataset.metadata.cardinality),
        },
      };
    }),
    unary(method.getDataServiceConfig, () => {
      parts.checkServing();
      return { config: { deploymentMode: toDeploymentMode(parts.settings.deploymentMode) } };
    }),
    unary(method.disableCompressionAtRuntime, async (request) => {
      const datasetId = checkDatasetId(request.datasetId);
      const { format, metadata } = await parts.run(getDataset, datasetId);
      if (format !== TENSORFLOW || metadata.compression === Compression.OFF) {
        return { decision: { case: "noCompressionToDisable" as const, value: true } };
      }
      const value = await parts.run(settleCompression, {
        datasetId,
        disable: request.disableCompressionAtRuntime,
      });
      return { decision: { case: "compressionDisabledAtRuntime" as const, value } };
    }),
  ];
}

function toMetadata({ metadata }: DeepReadonly<Dataset>): MessageInitShape<typeof DataServiceMetadataSchema> {
  const { elementSpec, compression, cardinality } = metadata;
  return {
    optionalElementSpec: elementSpec.length === 0
      ? { case: undefined }
      : { case: "elementSpec" as const, value: elementSpec as Uint8Array<ArrayBuffer> },
    compression,
    cardinality: BigInt(cardinality),
  };
}

function readerMethods({ parts }: TensorFlowServiceParts): Methods {
  const { method } = DispatcherService;
  const replies = new ReaderReplies(parts.settings.deploymentMode);
  return [
    unary(method.getOrCreateJob, async (request) => {
      const job = checkGetOrCreateJob(request, randomName(parts.random));
      // A graph of TensorFlow's is weak by itself; what Sluice's workers give out is so through who reads it.
      const isGraph = parts.state.datasets.get(job.datasetId)?.format === TENSORFLOW;
      const weakness = isGraph ? undefined : SILENT_READERS;
      return { jobId: BigInt(await parts.run(getOrCreateJob, { ...job, weakness })) };
    }),
    unary(method.getOrCreateIteration, async (request) => {
      parts.checkServing();
      const pass = checkGetOrCreateIteration(request);
      const dataset = neededSources(parts.state, pass);
      // Others may begin the pass while the sources are described: then it is theirs that counts.
      const plan = dataset ? await parts.planner.plan(dataset, pass) : { sources: null };
      const { clientId } = await parts.run(getOrCreateIteration, { ...pass, ...plan });
      return { iterationClientId: BigInt(clientId) };
    }),
    unary(method.releaseIterationClient, async ({ iterationClientId }) => {
      const clientId = checkNumber64("iteration_client_id", iterationClientId);
      await parts.run(releaseIterationClient, { clientId });
      return {};
    }),
    [methodPath(method.clientHeartbeat), async (bytes) => {
      const request = decodeRequest(ClientHeartbeatRequestSchema, bytes);
      // In a job that they share with Sluice's readers, those must not wait for what TensorFlow's never say.
      return replies.encoded(
        await parts.run(clientHeartbeat, { ...checkClientHeartbeat(request), leavesLost: true }),
      );
    }],
    unary(method.maybeRemoveTask, async (request, { signal }) => {
      const { removed } = await parts.removals.maybeRemove(checkMaybeRemoveTask(request), signal);
      return { removed };
    }),
  ];
}

/** 64 random bits in hex. */
function randomName(random: Random): string {
  return [random.uint32(), random.uint32()].map((bits) => bits.toString(16).padStart(8, "0")).join("");
}
