/** A fault-tolerant service in this process, whose dispatcher and workers can be started again at their ports. */

import {
  type Dataset,
  type DispatcherConfig,
  DispatchServer,
  distribute,
  type DistributeOptions,
  type WorkerConfig,
  WorkerServer,
} from "../../mod.ts";
import { until } from "./cluster.ts";

/** What a cluster is made of. */
export interface RestartableClusterOptions {
  /** Number of workers. @default 1 */
  workers?: number;
  /** @default fault tolerant, in a directory of its own */
  dispatcher?: DispatcherConfig;
  worker?: Omit<WorkerConfig, "dispatcherAddress">;
}

const portOf = (address: string) => Number(address.split(":").at(-1));

/** A dispatcher and its workers. */
export class RestartableCluster implements AsyncDisposable {
  dispatcher: DispatchServer;
  readonly workers: WorkerServer[] = [];
  readonly workDir: string;
  readonly #options: RestartableClusterOptions;

  private constructor(dispatcher: DispatchServer, workDir: string, options: RestartableClusterOptions) {
    this.dispatcher = dispatcher;
    this.workDir = workDir;
    this.#options = options;
  }

  /** Starts a cluster whose workers have registered. */
  static async start(options: RestartableClusterOptions = {}): Promise<RestartableCluster> {
    const workDir = await Deno.makeTempDir({ prefix: "sluice-restart-" });
    const config = { faultTolerantMode: true, workDir, ...options.dispatcher };
    const dispatcher = await DispatchServer.start(config);
    const cluster = new RestartableCluster(dispatcher, workDir, { ...options, dispatcher: config });
    for (let i = 0; i < (options.workers ?? 1); i++) await cluster.addWorker();
    return cluster;
  }

  async addWorker(config: Omit<WorkerConfig, "dispatcherAddress"> = {}): Promise<WorkerServer> {
    const worker = await WorkerServer.start({
      dispatcherAddress: this.dispatcher.address,
      heartbeatIntervalMs: 100,
      ...this.#options.worker,
      ...config,
    });
    this.workers.push(worker);
    return worker;
  }

  /** Stops the dispatcher and starts it again at its port. */
  async restartDispatcher(): Promise<void> {
    const port = portOf(this.dispatcher.address);
    await this.dispatcher.stop();
    this.dispatcher = await DispatchServer.start({ ...this.#options.dispatcher, port });
  }

  /** Stops a worker and starts another one, at the same port unless told otherwise. */
  async restartWorker(index = 0, { samePort = true } = {}): Promise<void> {
    const [former] = this.workers.splice(index, 1);
    const port = samePort ? portOf(former.address) : 0;
    await former.stop();
    await this.addWorker({ port });
    this.workers.splice(index, 0, this.workers.pop()!);
  }

  /** Waits until the dispatcher lists so many workers that are there. */
  untilRegistered(count: number): Promise<void> {
    return until(
      () => this.dispatcher.status().workers.filter(({ lost }) => !lost).length === count,
      `${count} workers are registered`,
    );
  }

  /** Reads a dataset through this service; OFF unless told otherwise. */
  distribute<T>(options: Partial<DistributeOptions> = {}): (dataset: Dataset<T>) => Dataset<T> {
    return distribute<T>({
      processingMode: "parallel_epochs",
      service: this.dispatcher.target,
      taskRefreshIntervalMs: 20,
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
    await this.dispatcher.stop();
    await Deno.remove(this.workDir, { recursive: true });
  }
}
