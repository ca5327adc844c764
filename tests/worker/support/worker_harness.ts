import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { FakeClock, type Log, SeededRandom } from "../../../src/base/mod.ts";
import { portableCodecs } from "../../../src/element/mod.ts";
import type { ShardingPolicy } from "../../../src/gen/sluice/v1/dataset_pb.ts";
import { DispatcherService, type TaskDef, TaskDefSchema } from "../../../src/gen/sluice/v1/dispatcher_pb.ts";
import type { GetElementsRequestSchema } from "../../../src/gen/sluice/v1/worker_pb.ts";
import { checkNode, type GraphNode, inlineFunction, serializeGraph } from "../../../src/graph/mod.ts";
import {
  createDispatcherClient,
  createWorkerClient,
  type FetchHandler,
  mountServices,
  readElementStream,
  type WorkerClient,
} from "../../../src/rpc/mod.ts";
import { memoryFileSystem } from "../../../src/sources/mod.ts";
import {
  createInProcessHost,
  createWorker,
  type Worker,
  type WorkerSettings,
} from "../../../src/worker/mod.ts";
import { StreamReader } from "./reader.ts";

type Dispatcher = Partial<ServiceImpl<typeof DispatcherService>>;

/** A fetch that reaches a handler without a socket. */
export function fetchOf(handler: FetchHandler): typeof fetch {
  return (input, init) =>
    handler(new Request(input, init)) ?? Promise.resolve(new Response(null, { status: 404 }));
}

/** The numbers from 0 to `stop`. */
export function range(stop: number): GraphNode {
  return checkNode({ op: "range", inputs: [], start: 0, stop, step: 1 });
}

/** What `fn` makes of each element. */
export function mapped(input: GraphNode, fn: (x: number) => unknown): GraphNode {
  return checkNode({ op: "map", inputs: [input], fn: inlineFunction(fn), parallel: 1, deterministic: null });
}

/** What a task may have besides its graph. */
export interface TaskDetails {
  shardingPolicy?: ShardingPolicy;
  numSources?: number;
  numWorkers?: number;
  workerIndex?: number;
  numConsumers?: number;
  dataset?: { format: string; graph: Uint8Array } | undefined;
}

/** The definition of a task that runs `root`. */
export function taskOf(
  taskId: bigint,
  root: GraphNode,
  rest: TaskDetails = {},
): TaskDef {
  const dataset = { format: "sluice", graph: serializeGraph(root) };
  return create(TaskDefSchema, { taskId, iterationId: 1n, datasetId: "d", dataset, ...rest });
}

/** A worker whose dispatcher the test plays. */
export class WorkerHarness {
  readonly clock = new FakeClock();
  readonly warnings: string[] = [];
  /** How often the worker was told to end. */
  drains = 0;
  readonly worker: Worker;
  readonly client: WorkerClient;
  /** What the worker has called, in order. */
  readonly calls: { method: keyof Dispatcher; request: unknown }[] = [];

  constructor(dispatcher: Dispatcher = {}, config: Partial<WorkerSettings> = {}) {
    const log: Log = { info: () => {}, warn: (message) => void this.warnings.push(message) };
    const random = new SeededRandom(7);
    const client = createDispatcherClient("dispatcher:1", {
      fetch: fetchOf(
        mountServices((router) => router.service(DispatcherService, this.#recording(dispatcher))),
      ),
    });
    this.worker = createWorker({
      config: {
        heartbeatIntervalMs: 30_000,
        dispatcherTimeoutMs: 60_000,
        workerTags: [],
        shutdownQuietPeriodMs: 0,
        drainTimeoutMs: 0,
        ...config,
      },
      onDrain: () => this.drains++,
      address: () => "worker:2",
      clock: this.clock,
      random,
      log,
      dispatcher: client,
      host: createInProcessHost({
        clock: this.clock,
        random,
        log,
        codecs: portableCodecs,
        files: memoryFileSystem({}),
        Dataset: { fromArray: () => ({}) },
        dataService: () => {
          throw new Error("No services here");
        },
        dispatcher: client,
        dispatcherTimeoutMs: 60_000,
      }),
    });
    this.client = createWorkerClient("worker:2", { fetch: this.fetch });
  }

  #recording(dispatcher: Dispatcher): Dispatcher {
    const defaults: Dispatcher = {
      workerHeartbeat: () => ({}),
      workerUpdate: () => ({}),
      unregisterWorker: () => ({}),
      ...dispatcher,
    };
    const recorded = Object.entries(defaults).map(([method, handler]) => [
      method,
      (request: never, context: never) => {
        this.calls.push({ method: method as keyof Dispatcher, request });
        return (handler as (request: never, context: never) => unknown)(request, context);
      },
    ]);
    return Object.fromEntries(recorded);
  }

  /** How often the worker has called a method. */
  count(method: keyof Dispatcher): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  readonly fetch: typeof fetch = (input, init) =>
    fetchOf((request) => this.worker.handle(request))(input, init);

  /** Reads a task over the hand-written path. */
  read(
    request: MessageInitShape<typeof GetElementsRequestSchema>,
    signal: AbortSignal = new AbortController().signal,
  ): StreamReader {
    const stream = readElementStream("worker:2", request, { signal, fetch: this.fetch });
    return new StreamReader(stream, Number(request.nextSequence ?? 0n));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.worker.stop();
  }
}
