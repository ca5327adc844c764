/** A worker as a server. */

import { consoleLog, systemClock, systemRandom } from "../base/mod.ts";
import { localWorkers } from "../client/mod.ts";
import { type HttpServer, listen } from "../platform/mod.ts";
import { allowOrigins, createDispatcherClient, normalizeTarget } from "../rpc/mod.ts";
import { createWorker, type Worker } from "../worker/mod.ts";
import { createIsolatedHost } from "./isolated_host.ts";
import { Life } from "./life.ts";
import { createLocalHost } from "./local_host.ts";
import { OwnSocket } from "./own_socket.ts";
import { completeWorkerConfig, type WorkerConfig } from "./worker_config.ts";
import { openWorkerTensorFlow, type WorkerTensorFlow } from "./worker_tensorflow.ts";

// Streams that are still being written when the worker stops get this long: their readers have been told.
const STOP_GRACE_MS = 1_000;

/**
 * Runs dataset pipelines and gives out their elements.
 *
 * @example Two workers share the elements of a dataset
 * ```ts
 * import { Dataset, DispatchServer, distribute, WorkerServer } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * await using dispatcher = await DispatchServer.start();
 * await using _first = await WorkerServer.start({ dispatcherAddress: dispatcher.address });
 * await using _second = await WorkerServer.start({ dispatcherAddress: dispatcher.address });
 * const dataset = Dataset.range(100).map((x) => x * x).apply(
 *   distribute({ processingMode: "distributed_epoch", service: dispatcher.target }),
 * );
 * const squares = (await dataset.toArray()).sort((a, b) => a - b);
 * assertEquals(squares, Array.from({ length: 100 }, (_, x) => x * x));
 * ```
 */
export class WorkerServer implements AsyncDisposable {
  readonly #server: HttpServer;
  readonly #worker: Worker;
  readonly #life: Life;
  readonly #address: string;
  readonly #socket = new OwnSocket();
  #tensorflow: WorkerTensorFlow | null = null;
  #tensorflowOpening: Promise<WorkerTensorFlow> | null = null;
  #unregister = () => {};

  /**
   * Binds its port at once and, unless `options.start` is false, begins to register with the dispatcher.
   *
   * @throws {InvalidArgumentError} for a field of `config` that is not known, lacks or holds what it may not
   * @throws {UnavailableError} naming the port, if it is in use
   */
  constructor(config: WorkerConfig, options: { start?: boolean } = {}) {
    const complete = completeWorkerConfig(config);
    normalizeTarget(complete.dispatcherAddress);
    // The handler cannot run before the constructor has ended: nothing is awaited in between.
    this.#server = listen({
      hostname: complete.hostname,
      port: complete.port,
      log: consoleLog,
      handler: allowOrigins(complete.allowedOrigins, (request) => this.#handle(request)),
    });
    this.#address = complete.workerAddress.replace("%port%", String(this.#server.port));
    const ports = { clock: systemClock, random: systemRandom, log: consoleLog };
    const dispatcher = createDispatcherClient(complete.dispatcherAddress);
    this.#worker = createWorker({
      ...ports,
      config: complete,
      address: () => this.#address,
      tensorflowAddress: () => this.#tensorflow?.address,
      dispatcher,
      onDrain: () => void this.stop(),
      host: complete.isolation === "process"
        ? createIsolatedHost(complete, { dispatcher, address: () => this.#address })
        : createLocalHost({
          smallHeap: true,
          dispatcher,
          dispatcherTimeoutMs: complete.dispatcherTimeoutMs,
          lanes: complete.lanes,
          crossTrainerCacheSizeBytes: complete.crossTrainerCacheSizeBytes,
          dataPlane: () => this.#socket.dataPlane,
        }),
    });
    this.#life = new Life({
      start: async () => {
        if (complete.isolation === "none") this.#socket.open((request) => this.#handle(request));
        if (complete.tfPort !== undefined) {
          this.#tensorflowOpening = openWorkerTensorFlow({
            hostname: complete.hostname,
            port: complete.tfPort,
            worker: this.#worker,
            address: this.#address,
          });
          this.#tensorflow = await this.#tensorflowOpening;
        }
        // Before the dispatcher lists its tasks.
        this.#unregister = localWorkers.register({ address: this.#address, ...this.#worker.direct });
        await this.#worker.start();
      },
      stop: async () => {
        await this.#worker.stop();
        this.#unregister();
        await Promise.all([
          this.#server.stop(STOP_GRACE_MS),
          this.#socket.stop(STOP_GRACE_MS),
          this.#tensorflowOpening?.then((tensorflow) => tensorflow.stop(), () => {}),
        ]);
      },
    });
    if (options.start ?? true) this.#life.startInBackground();
  }

  #handle(request: Request): Response | Promise<Response> {
    return this.#worker.handle(request) ?? new Response("This is a Sluice worker\n", { status: 404 });
  }

  /** Makes a worker and waits until it has registered with the dispatcher. Throws what the constructor and `start()` throw. */
  static async start(config: WorkerConfig): Promise<WorkerServer> {
    const server = new WorkerServer(config, { start: false });
    await server.start();
    return server;
  }

  /** The address that readers use, such as "localhost:41234". */
  get address(): string {
    return this.#address;
  }

  /** Where TensorFlow's programs read its tasks, such as "grpc://localhost:41235"; undefined without `tfPort` or before it has started. */
  get tfTarget(): string | undefined {
    return this.#tensorflow ? `grpc://${this.#tensorflow.address}` : undefined;
  }

  /**
   * Registers with the dispatcher, waiting for it if it is not there yet. Idempotent.
   *
   * @throws {FailedPreconditionError} if the dispatcher refuses the worker, or after `stop()`
   */
  start(): Promise<void> {
    return this.#life.start();
  }

  /** Resolves when the worker has shut down; rejects if its start failed. */
  join(): Promise<void> {
    return this.#life.join();
  }

  /**
   * Refuses new work, hands its leases back (for `drainTimeoutMs` at most), waits `shutdownQuietPeriodMs`, closes. So
   * does a worker that the dispatcher drains. Idempotent.
   */
  stop(): Promise<void> {
    return this.#life.stop();
  }

  /** How many tasks it runs. */
  numTasks(): number {
    return this.#worker.numTasks();
  }

  /** Stops the worker. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
