/** A dispatcher with fake workers, client to handler without a socket. */

import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import { FakeClock, type Log, SeededRandom, UnavailableError } from "../../src/base/mod.ts";
import {
  createDispatcher,
  createMemoryJournal,
  type Dispatcher,
  type DispatcherOptions,
  type DispatcherSettings,
  type Journal,
} from "../../src/dispatcher/mod.ts";
import type { Update } from "../../src/dispatcher/core/updates.ts";
import { encodeValue } from "../../src/element/mod.ts";
import type {
  GetOrCreateIterationResponse,
  WorkerHeartbeatResponse,
} from "../../src/gen/sluice/v1/dispatcher_pb.ts";
import { WorkerService } from "../../src/gen/sluice/v1/worker_pb.ts";
import { checkNode, type GraphNode, serializeGraph, type ShardingPolicy } from "../../src/graph/mod.ts";
import {
  createDispatcherClient,
  createWorkerClient,
  type DispatcherClient,
  mountServices,
  type WorkerClient,
} from "../../src/rpc/mod.ts";
import { SETTINGS } from "./support.ts";

type Service = (router: ConnectRouter) => void;

/** A fetch that reaches `routes` over the whole wire format but for the wire. */
function fetchOf(routes: Service): typeof fetch {
  const handle = mountServices(routes);
  return async (input, init) => {
    const response = await handle(new Request(input, init));
    return response ?? new Response("not found", { status: 404 });
  };
}

/** What a fake worker does when a task is handed to it. */
export type FakeWorker = Partial<ServiceImpl<typeof WorkerService>>;

/** What a test cluster may be given. */
export interface ClusterOptions extends Partial<DispatcherSettings> {
  /** The journal's place; a cluster made later with the same one is the dispatcher started again. */
  keep?: Update[];
  /** @default one in memory */
  journal?: Journal;
  listFiles?: DispatcherOptions["listFiles"];
}

/** A dispatcher under test. */
export class Cluster implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly dispatcher: Dispatcher;
  readonly client: DispatcherClient;
  /** Warnings of the dispatcher. */
  readonly warnings: string[] = [];
  /** By address; others refuse the connection. */
  readonly workers = new Map<string, FakeWorker>();
  #requests = 0;

  constructor({ keep, journal, listFiles, ...settings }: ClusterOptions = {}) {
    const log: Log = { info: () => {}, warn: (message) => void this.warnings.push(message) };
    this.dispatcher = createDispatcher({
      config: { ...SETTINGS, ...settings },
      clock: this.clock,
      random: new SeededRandom(1),
      log,
      journal: journal ?? createMemoryJournal({ keep }),
      listFiles: listFiles ?? (() => Promise.resolve([])),
      workerClient: (address) => this.#workerClient(address),
    });
    this.client = createDispatcherClient("dispatcher:1", {
      fetch: fetchOf((r) => this.dispatcher.routes(r)),
    });
  }

  static async start(options?: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options);
    await cluster.dispatcher.start();
    return cluster;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispatcher.stop();
  }

  #workerClient(address: string): WorkerClient {
    const worker = this.workers.get(address);
    if (!worker) throw new UnavailableError(`Cannot reach ${address}: connection refused`);
    return createWorkerClient(address, { fetch: fetchOf((router) => router.service(WorkerService, worker)) });
  }

  /** A request id that nobody has used. */
  requestId(): string {
    return String(this.#requests++).padStart(16, "0");
  }

  heartbeat(
    address: string,
    currentTasks: bigint[] = [],
    workerUid = "uid",
  ): Promise<WorkerHeartbeatResponse> {
    return this.client.workerHeartbeat({
      workerAddress: address,
      workerUid,
      formats: ["sluice"],
      currentTasks,
    });
  }

  async dataset(root: GraphNode = range(100)): Promise<string> {
    const { datasetId } = await this.client.getOrRegisterDataset({
      dataset: { format: "sluice", graph: serializeGraph(root) },
      metadata: { elementSpec: encodeValue({ kind: "number" }), compression: 0, cardinality: 100n },
      requestId: this.requestId(),
    });
    return datasetId;
  }

  async job(shardingPolicy: ShardingPolicy, root?: GraphNode, jobName?: string): Promise<bigint> {
    const datasetId = await this.dataset(root);
    const request = { datasetId, shardingPolicy: shardingPolicy as number, jobName };
    return (await this.client.getOrCreateJob({ ...request, requestId: this.requestId() })).jobId;
  }

  async join(jobId: bigint, repetition = 0n): Promise<GetOrCreateIterationResponse> {
    const requestId = this.requestId();
    return await this.client.getOrCreateIteration({ jobId, repetition, requestId });
  }
}

/** The numbers below `stop`. */
export function range(stop: number): GraphNode {
  return checkNode({ op: "range", inputs: [], start: 0, stop, step: 1 });
}

/** The files of some patterns. */
export function files(patterns: string[], shuffle = false, seed: number | null = null): GraphNode {
  return checkNode({ op: "listFiles", inputs: [], patterns, shuffle, seed });
}
