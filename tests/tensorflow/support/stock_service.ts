/** A stock tf.data service, played: dispatcher and workers as servers of gRPC that give recorded elements. */

import { errorFromCode, silentLog, type SluiceErrorCode, systemClock } from "../../../src/base/mod.ts";
import { DataServiceMetadataSchema } from "../../../src/gen/tensorflow/data/dataset_pb.ts";
import {
  DispatcherService,
  type GetOrCreateIterationRequest,
  type GetOrCreateJobRequest,
} from "../../../src/gen/tensorflow/data/dispatcher_pb.ts";
import { fromBinary } from "@bufbuild/protobuf";
import { GetElementRequestSchema, WorkerService } from "../../../src/gen/tensorflow/data/worker_pb.ts";
import {
  type GrpcHandler,
  type GrpcServer,
  methodPath,
  serveGrpc,
  unary,
} from "../../../src/tensorflow/grpc/mod.ts";
import { END_OF_SEQUENCE } from "../../../src/tensorflow/elements/mod.ts";
import recorded from "../elements/stock_elements.json" with { type: "json" };

/** What a worker answers to a request for an element, in turn; then comes the end. */
export type Reply = Uint8Array | (() => Uint8Array | Promise<Uint8Array>);

/** A recorded dataset. */
export function recordOf(name: string): { metadata: Uint8Array; elements: Uint8Array[] } {
  const { metadata, elements } = recorded.find((record) => record.name === name)!;
  return { metadata: bytes(metadata!), elements: elements!.map(bytes) };
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** One worker and its task. */
class StockWorker {
  server!: GrpcServer;
  readonly replies: Reply[];
  /** The requests that have come. */
  requests: { allowSkip: boolean; trainerId: string }[] = [];
  tags: string[] = [];
  hasEnded = false;
  /** Whether the dispatcher names it. */
  isListed = true;

  constructor(readonly taskId: bigint, replies: readonly Reply[]) {
    this.replies = [...replies];
  }

  async listen(port = 0): Promise<void> {
    const methods = new Map<string, GrpcHandler>([[
      methodPath(WorkerService.method.getElement),
      (request) => {
        const { allowSkip, trainerId } = fromBinary(GetElementRequestSchema, request);
        this.requests.push({ allowSkip, trainerId });
        const reply = this.replies.shift();
        if (reply === undefined) this.hasEnded = true;
        return typeof reply === "function" ? reply() : reply ?? END_OF_SEQUENCE;
      },
    ]]);
    this.server = await serveGrpc({
      hostname: "127.0.0.1",
      port,
      methods,
      clock: systemClock,
      log: silentLog,
    });
  }

  get address(): string {
    return `127.0.0.1:${this.server.port}`;
  }
}

/** The service. What it is asked, and what it is to answer besides, is for the test to see and to say. */
export class StockService implements AsyncDisposable {
  readonly workers: StockWorker[] = [];
  readonly jobs: GetOrCreateJobRequest[] = [];
  readonly iterations: GetOrCreateIterationRequest[] = [];
  heartbeats = 0;
  released = 0;
  compressionAsked = 0;
  version = 9n;
  #metadata: Uint8Array = new Uint8Array();
  #failures = new Map<string, SluiceErrorCode[]>();
  #server!: GrpcServer;

  /** Serves the recorded dataset `name`; each of `workers` has replies of its own. */
  static async start(name: string, workers: readonly (readonly Reply[])[]): Promise<StockService> {
    const service = new StockService();
    service.#metadata = recordOf(name).metadata;
    await service.#listen();
    for (const replies of workers) await service.addWorker(replies);
    return service;
  }

  async addWorker(replies: readonly Reply[]): Promise<StockWorker> {
    const worker = new StockWorker(BigInt(4_000 + this.workers.length), replies);
    await worker.listen();
    this.workers.push(worker);
    return worker;
  }

  get address(): string {
    return `127.0.0.1:${this.#server.port}`;
  }

  /** The next calls of a method of the dispatcher fail with these codes. */
  fail(method: string, ...codes: SluiceErrorCode[]): void {
    this.#failures.set(method, codes);
  }

  async stopDispatcher(): Promise<number> {
    const { port } = this.#server;
    await this.#server.stop();
    return port;
  }

  async startDispatcher(port: number): Promise<void> {
    await this.#listen(port);
  }

  async #listen(port = 0): Promise<void> {
    const { method } = DispatcherService;
    const handlers = [
      unary(method.getVersion, () => ({ version: this.version })),
      unary(method.getDataServiceMetadata, ({ datasetId }) => {
        if (datasetId === "nope") throw errorFromCode("not_found", "Dataset id nope not found");
        return { metadata: fromBinary(DataServiceMetadataSchema, this.#metadata) };
      }),
      unary(method.disableCompressionAtRuntime, () => {
        this.compressionAsked++;
        return {};
      }),
      unary(method.getOrCreateJob, (request) => {
        this.jobs.push(request);
        return { jobId: 5_000n };
      }),
      unary(method.getOrCreateIteration, (request) => {
        this.iterations.push(request);
        return { iterationClientId: 3_000n };
      }),
      unary(method.clientHeartbeat, () => {
        this.heartbeats++;
        return {
          taskInfo: this.workers.filter(({ isListed }) => isListed).map(({ address, taskId, tags }) => ({
            workerAddress: address,
            transferServers: [{ protocol: "grpc", address }],
            workerTags: tags,
            taskId,
            iterationId: 2_000n,
          })),
          iterationFinished: this.workers.every(({ hasEnded, isListed }) => hasEnded || !isListed),
        };
      }),
      unary(method.releaseIterationClient, () => {
        this.released++;
        return {};
      }),
    ];
    const methods = new Map(handlers.map(([path, handler]): [string, GrpcHandler] => [
      path,
      (request, context) => {
        const code = this.#failures.get(path.split("/")[2])?.shift();
        if (code) throw errorFromCode(code, `${code} on purpose`);
        return handler(request, context);
      },
    ]));
    this.#server = await serveGrpc({
      hostname: "127.0.0.1",
      port,
      methods,
      clock: systemClock,
      log: silentLog,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#server.stop(), ...this.workers.map(({ server }) => server.stop())]);
  }
}
