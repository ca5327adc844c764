/** The dispatcher as a server. */

import { consoleLog, systemClock, systemRandom } from "../base/mod.ts";
import {
  createDispatcher,
  createFileJournal,
  createMemoryJournal,
  type Dispatcher,
  type DispatcherStatus,
  type Journal,
  sluiceFormat,
} from "../dispatcher/mod.ts";
import {
  bootId,
  denoFileSystem,
  denoJournalFiles,
  graphFingerprint,
  type HttpServer,
  listen,
} from "../platform/mod.ts";
import { allowOrigins, createWorkerClient, mountServices } from "../rpc/mod.ts";
import {
  type CompleteDispatcherConfig,
  completeDispatcherConfig,
  type DispatcherConfig,
} from "./dispatcher_config.ts";
import { DispatcherTensorFlow } from "./dispatcher_tensorflow.ts";
import { Life } from "./life.ts";

// Connections that still write a reply when the server stops get this long.
const STOP_GRACE_MS = 1_000;

/**
 * Coordinates workers and readers. It holds no elements and runs no user code.
 *
 * @example A service in one process
 * ```ts
 * import { Dataset, DispatchServer, distribute, WorkerServer } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * await using dispatcher = await DispatchServer.start();
 * await using worker = await WorkerServer.start({ dispatcherAddress: dispatcher.address });
 * const dataset = Dataset.range(5).apply(
 *   distribute({ processingMode: "parallel_epochs", service: dispatcher.target }),
 * );
 * assertEquals(await dataset.toArray(), [0, 1, 2, 3, 4]);
 * assertEquals(dispatcher.status().workers[0].address, worker.address);
 * ```
 */
export class DispatchServer implements AsyncDisposable {
  readonly #server: HttpServer;
  readonly #dispatcher: Dispatcher;
  readonly #tensorflow: DispatcherTensorFlow | undefined;
  readonly #life: Life;

  /**
   * Binds its port at once and, unless `options.start` is false, begins to serve.
   *
   * @throws {InvalidArgumentError} for a field of `config` that is not known or holds what it may not
   * @throws {UnavailableError} naming the port, if it is in use
   */
  constructor(config?: DispatcherConfig, options: { start?: boolean } = {}) {
    const complete = completeDispatcherConfig(config);
    const tensorflow = complete.tfPort === undefined ? undefined : new DispatcherTensorFlow(complete);
    this.#tensorflow = tensorflow;
    this.#dispatcher = createDispatcher({
      config: complete,
      clock: systemClock,
      random: systemRandom,
      log: consoleLog,
      journal: createJournal(complete),
      bootId: bootId(),
      async listFiles(patterns) {
        return (await Promise.all(patterns.map((pattern) => denoFileSystem.list(pattern)))).flat();
      },
      workerClient: (address) => createWorkerClient(address),
      fingerprint: graphFingerprint,
      ...(tensorflow && {
        formats: [sluiceFormat, tensorflow.format],
        links: { [tensorflow.format.name]: tensorflow.link },
      }),
    });
    const handle = mountServices((router) => this.#dispatcher.routes(router), {
      plain: this.#dispatcher.plainMethods(),
    });
    this.#server = listen({
      hostname: complete.hostname,
      port: complete.port,
      log: consoleLog,
      handler: allowOrigins(
        complete.allowedOrigins,
        (request) => handle(request) ?? new Response("This is a Sluice dispatcher\n", { status: 404 }),
      ),
    });
    this.#life = new Life({
      start: async () => {
        await this.#dispatcher.start();
        await tensorflow?.open(this.#dispatcher);
      },
      stop: async () => {
        // First of all: what was decided is answered while the connections are there.
        await this.#dispatcher.stop();
        await Promise.all([this.#server.stop(STOP_GRACE_MS), tensorflow?.stop()]);
      },
    });
    if (options.start ?? true) this.#life.startInBackground();
  }

  /** Makes a server and waits until it has recovered its state and serves. Throws what the constructor throws. */
  static async start(config?: DispatcherConfig): Promise<DispatchServer> {
    const server = new DispatchServer(config, { start: false });
    await server.start();
    return server;
  }

  /** Where readers and workers find it, such as "http://localhost:5050". */
  get target(): string {
    return `http://${this.address}`;
  }

  /** The same without the protocol, such as "localhost:5050". */
  get address(): string {
    return `localhost:${this.#server.port}`;
  }

  /** Where TensorFlow's programs find it, such as "grpc://localhost:5051"; undefined without `tfPort`, and before the start has ended. */
  get tfTarget(): string | undefined {
    const port = this.#tensorflow?.port;
    return port === undefined ? undefined : `grpc://localhost:${port}`;
  }

  /**
   * Begins to serve. Idempotent.
   *
   * @throws {FailedPreconditionError} after `stop()`
   */
  start(): Promise<void> {
    return this.#life.start();
  }

  /** Resolves when the server has shut down; rejects if its start failed. */
  join(): Promise<void> {
    return this.#life.join();
  }

  /** Refuses new calls, lets running ones end for a second, closes. Idempotent. */
  stop(): Promise<void> {
    return this.#life.stop();
  }

  /**
   * Takes a worker's tasks from it and gives it no more: what its readers have not taken goes to other workers. It
   * ends when it hears of that, with its next heartbeat.
   *
   * @param address the worker's, as `status()` lists it
   * @throws {NotFoundError} if there is no such worker
   */
  drainWorker(address: string): Promise<void> {
    return this.#dispatcher.drainWorker(address);
  }

  /** What it coordinates right now, as plain JSON. */
  status(): DispatcherStatus {
    return this.#dispatcher.status();
  }

  /** Stops the server. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Where the state is kept: in `workDir` if it is to outlive the process. */
function createJournal({ faultTolerantMode, workDir }: CompleteDispatcherConfig): Journal {
  if (!faultTolerantMode || workDir === undefined) return createMemoryJournal();
  return createFileJournal({
    files: denoJournalFiles(workDir),
    log: consoleLog,
    turnLoop: () => systemClock.sleep(0),
  });
}
