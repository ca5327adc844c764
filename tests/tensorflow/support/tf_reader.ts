/** Reads tasks of Sluice workers by TensorFlow's protocol, as a stock reader does once it has the list of tasks. */

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Dataset, registerDataset } from "../../../mod.ts";
import type { Element, ElementSpec } from "../../../src/element/mod.ts";
import { GetElementRequestSchema, WorkerService } from "../../../src/gen/tensorflow/data/worker_pb.ts";
import { createDispatcherClient, type DispatcherClient } from "../../../src/rpc/mod.ts";
import {
  type ElementAnswer,
  readElementResponse,
  structureOfSpec,
} from "../../../src/tensorflow/elements/mod.ts";
import { connectGrpc, type GrpcClient, methodPath } from "../../../src/tensorflow/grpc/mod.ts";
import type { Cluster } from "../../support/cluster.ts";

/** What of a job a test says. */
export interface JobOptions {
  processingMode?: number;
  numConsumers?: number;
  jobName?: string;
}

/** A pass over a dataset, whose tasks are read one element at a time. */
export class TfReader implements AsyncDisposable {
  readonly #clients: GrpcClient[];
  readonly #dispatcher: DispatcherClient;
  readonly #clientId: bigint;
  /** The ids of the tasks, in the order of the cluster's workers. */
  readonly tasks: readonly bigint[];

  private constructor(clients: GrpcClient[], dispatcher: DispatcherClient, id: bigint, tasks: bigint[]) {
    this.#clients = clients;
    this.#dispatcher = dispatcher;
    this.#clientId = id;
    this.tasks = tasks;
  }

  /** Registers `dataset` and begins a pass. */
  static async begin(
    cluster: Cluster,
    dataset: Dataset<unknown>,
    { processingMode = 0, numConsumers, jobName = "job" }: JobOptions = {},
  ): Promise<TfReader> {
    const datasetId = await registerDataset(cluster.service, dataset);
    const dispatcher = createDispatcherClient(cluster.service);
    const requestId = () => crypto.randomUUID();
    const { jobId } = await dispatcher.getOrCreateJob({
      datasetId,
      shardingPolicy: processingMode,
      jobName,
      numConsumers,
      requestId: requestId(),
    });
    const { iterationClientId, state } = await dispatcher.getOrCreateIteration({
      jobId,
      requestId: requestId(),
    });
    let tasks = state!.tasks;
    for (let round = 0n; tasks.length < cluster.workers.length || tasks.some(isWaiting); round++) {
      tasks = (await dispatcher.clientHeartbeat({ iterationClientId, currentRound: round })).tasks;
    }
    const idAt = (address: string) => tasks.find(({ workerAddress }) => workerAddress === address)!.taskId;
    return new TfReader(
      cluster.workers.map(({ tfTarget }) => connectGrpc(tfTarget!.replace("grpc://", ""))),
      dispatcher,
      iterationClientId,
      cluster.workers.map(({ address }) => idAt(address)),
    );
  }

  /** The answer of a worker, its element read as `spec` says. */
  async getElement(
    spec: ElementSpec,
    { worker = 0, signal, ...request }:
      & MessageInitShape<typeof GetElementRequestSchema>
      & { worker?: number; signal?: AbortSignal } = {},
  ): Promise<ElementAnswer> {
    const message = create(GetElementRequestSchema, { taskId: this.tasks[worker], ...request });
    const path = methodPath(WorkerService.method.getElement);
    const reply = await this.#clients[worker].unary(path, toBinary(GetElementRequestSchema, message), {
      signal,
    });
    return readElementResponse(reply, structureOfSpec(spec));
  }

  /** All that is left of a worker's task. */
  async rest(spec: ElementSpec, worker = 0): Promise<Element[]> {
    const elements: Element[] = [];
    for (;;) {
      const answer = await this.getElement(spec, { worker });
      if (answer.kind === "end") return elements;
      if (answer.kind === "element") elements.push(answer.element);
    }
  }

  /** Whether the dispatcher counts the pass as finished. */
  async isFinished(): Promise<boolean> {
    const { iterationFinished } = await this.#dispatcher.clientHeartbeat({
      iterationClientId: this.#clientId,
    });
    return iterationFinished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispatcher.releaseIterationClient({ iterationClientId: this.#clientId });
    for (const client of this.#clients) client.close();
  }
}

function isWaiting({ startingRound }: { startingRound: bigint }): boolean {
  return startingRound > 1_000n;
}
