import { NotFoundError } from "../../../src/base/mod.ts";
import type { Compression } from "../../../src/gen/sluice/v1/dataset_pb.ts";
import {
  DispatcherService,
  type GetOrCreateIterationRequest,
  type GetOrCreateJobRequest,
  type GetOrRegisterDatasetRequest,
} from "../../../src/gen/sluice/v1/dispatcher_pb.ts";
import { type FetchHandler, mountServices } from "../../../src/rpc/mod.ts";
import type { FakeWorker } from "./fake_worker.ts";

/** A dispatcher that makes everything anew for whoever asks, and lists the workers that it was given. */
export class FakeDispatcher {
  readonly workers: FakeWorker[];
  readonly registered: GetOrRegisterDatasetRequest[] = [];
  readonly jobs: GetOrCreateJobRequest[] = [];
  readonly iterations: GetOrCreateIterationRequest[] = [];
  readonly heartbeats: bigint[] = [];
  readonly released: bigint[] = [];
  /** Refuses heartbeats. */
  heartbeatError: Error | null = null;
  /** Refuses registrations. */
  registerError: Error | null = null;
  /** Datasets that it has forgotten. */
  readonly forgotten = new Set<string>();
  /** Refuses to begin a pass. */
  iterationError: Error | null = null;
  /** The compression of dataset "images"; other ids are not known. */
  compression: Compression = 0;
  cardinality = 7n;
  /** Said by every answer once it is set. */
  iterationFinished = false;

  constructor(workers: FakeWorker[]) {
    this.workers = workers;
  }

  readonly handler: FetchHandler = mountServices((router) => {
    router.service(DispatcherService, {
      getOrRegisterDataset: (request) => {
        if (this.registerError) throw this.registerError;
        this.registered.push(request);
        return { datasetId: request.datasetId ?? `${999 + this.registered.length}` };
      },
      getDataServiceMetadata: ({ datasetId }) => {
        if (datasetId !== "images") throw new NotFoundError(`Dataset id ${datasetId} not found`);
        return { metadata: { compression: this.compression, cardinality: this.cardinality } };
      },
      getOrCreateJob: (request) => {
        const { datasetId } = request;
        if (this.forgotten.has(datasetId)) throw new NotFoundError(`Dataset id ${datasetId} not found`);
        this.jobs.push(request);
        return { jobId: BigInt(4999 + this.jobs.length) };
      },
      getOrCreateIteration: (request) => {
        if (this.iterationError) throw this.iterationError;
        if (request.jobId > BigInt(4999 + this.jobs.length)) {
          throw new NotFoundError(`Job with id ${request.jobId} not found`);
        }
        this.iterations.push(request);
        return { iterationClientId: BigInt(2999 + this.iterations.length), state: this.#state() };
      },
      clientHeartbeat: ({ iterationClientId }) => {
        if (this.heartbeatError) throw this.heartbeatError;
        this.heartbeats.push(iterationClientId);
        return this.#state();
      },
      releaseIterationClient: ({ iterationClientId }) => {
        this.released.push(iterationClientId);
        return {};
      },
    });
  });

  #state() {
    return {
      iterationFinished: this.iterationFinished,
      tasks: this.workers.map((worker) => ({
        taskId: worker.taskId,
        iterationId: 2000n,
        workerAddress: worker.address,
        workerUid: worker.workerUid,
        finished: worker.completed,
      })),
    };
  }
}
