/** A trainer and a worker of TensorFlow's protocol, as far as a dispatcher sees them, over real sockets. */

import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { silentLog, systemClock } from "../../../src/base/mod.ts";
import {
  type ClientHeartbeatResponse,
  DispatcherService,
} from "../../../src/gen/tensorflow/data/dispatcher_pb.ts";
import type { TaskDef } from "../../../src/gen/tensorflow/data/common_pb.ts";
import { ProcessingModeDef_ShardingPolicy as ShardingPolicy } from "../../../src/gen/tensorflow/data/dataset_pb.ts";
import { WorkerService } from "../../../src/gen/tensorflow/data/worker_pb.ts";
import {
  connectGrpc,
  type GrpcClient,
  type GrpcServer,
  methodPath,
  serveGrpc,
  unary,
} from "../../../src/tensorflow/grpc/mod.ts";
import { graph, range } from "../graph/graph.ts";

const { method } = DispatcherService;

/** Calls of a dispatcher by messages. */
export class TfClient implements Disposable {
  readonly #client: GrpcClient;

  /** `target`: "grpc://host:port". */
  constructor(target: string) {
    this.#client = connectGrpc(target.replace("grpc://", ""));
  }

  async call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
  ): Promise<MessageShape<O>> {
    const bytes = toBinary(method.input, create(method.input, request));
    return fromBinary(
      method.output,
      await this.#client.unary(methodPath(method), bytes, { timeoutMs: 10_000 }),
    );
  }

  /** Registers `range(0, count)`. */
  async register(count: number, datasetId?: string): Promise<string> {
    const reply = await this.call(method.getOrRegisterDataset, {
      dataset: { graph: graph(range(0n, BigInt(count)), "range") },
      metadata: { compression: 1, cardinality: BigInt(count) },
      optionalDatasetId: datasetId === undefined
        ? { case: undefined }
        : { case: "datasetId", value: datasetId },
    });
    return reply.datasetId;
  }

  /** Joins a pass over a dataset; the reply is the client's id. */
  async join(
    datasetId: string,
    shardingPolicy: ShardingPolicy,
    { repetition = 0n, jobName = "" } = {},
  ): Promise<bigint> {
    const { jobId } = await this.call(method.getOrCreateJob, {
      datasetId,
      processingModeDef: { shardingPolicy },
      optionalJobName: jobName === "" ? { case: undefined } : { case: "jobName", value: jobName },
    });
    const { iterationClientId } = await this.call(method.getOrCreateIteration, { jobId, repetition });
    return iterationClientId;
  }

  heartbeat(iterationClientId: bigint): Promise<ClientHeartbeatResponse> {
    return this.call(method.clientHeartbeat, { iterationClientId });
  }

  /** The next split of the only source of an iteration; null: the end. */
  async split(iterationId: bigint, repetition = 0n): Promise<bigint | null> {
    const { split, endOfSplits } = await this.call(method.getSplit, { iterationId, repetition });
    if (endOfSplits) return null;
    return new DataView(split!.tensorContent.slice().buffer).getBigInt64(0, true);
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/** A worker that takes tasks and runs none. */
export class TfWorker implements AsyncDisposable {
  readonly #server: GrpcServer;
  readonly #client: TfClient;
  /** The tasks that the dispatcher handed over, by id. */
  readonly tasks = new Map<bigint, TaskDef>();

  private constructor(server: GrpcServer, client: TfClient) {
    this.#server = server;
    this.#client = client;
  }

  /** Starts one and registers it. */
  static async start(client: TfClient, tags: string[] = []): Promise<TfWorker> {
    const handler: { worker?: TfWorker } = {};
    const server = await serveGrpc({
      hostname: "127.0.0.1",
      port: 0,
      methods: new Map([
        unary(WorkerService.method.processTask, ({ task }) => {
          handler.worker!.tasks.set(task!.taskId, task!);
          return {};
        }),
        unary(WorkerService.method.getWorkerTasks, () => ({})),
      ]),
      clock: systemClock,
      log: silentLog,
    });
    const worker = handler.worker = new TfWorker(server, client);
    try {
      await worker.heartbeat(tags);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return worker;
  }

  get address(): string {
    return `localhost:${this.#server.port}`;
  }

  async heartbeat(workerTags: string[] = []): Promise<void> {
    const { newTasks, tasksToDelete } = await this.#client.call(method.workerHeartbeat, {
      workerAddress: this.address,
      transferServers: [{ protocol: "grpc", address: this.address }],
      workerUid: -1n,
      workerTags,
      currentTasks: [...this.tasks.keys()],
    });
    for (const task of newTasks) this.tasks.set(task.taskId, task);
    for (const id of tasksToDelete) this.tasks.delete(id);
  }

  /** Reports tasks as read to their ends. */
  async complete(...taskIds: bigint[]): Promise<void> {
    await this.#client.call(method.workerUpdate, {
      workerAddress: this.address,
      updates: taskIds.map((taskId) => ({ taskId, completed: true })),
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.stop();
  }
}
