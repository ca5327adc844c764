/** A service in this process: one fixture that owns every server and port it opened. */

import {
  type DispatcherConfig,
  DispatchServer,
  distribute,
  type WorkerConfig,
  WorkerServer,
} from "../../mod.ts";
import type { Dataset, DistributeOptions } from "../../mod.ts";

/** What a cluster is made of. */
export interface ClusterOptions {
  /** Number of workers. @default 1 */
  workers?: number;
  dispatcher?: DispatcherConfig;
  worker?: Omit<WorkerConfig, "dispatcherAddress">;
}

/** A dispatcher and its workers. */
export class Cluster implements AsyncDisposable {
  readonly workers: WorkerServer[] = [];

  constructor(readonly dispatcher: DispatchServer, readonly options: ClusterOptions) {}

  get service(): string {
    return this.dispatcher.target;
  }

  async addWorker(config: Omit<WorkerConfig, "dispatcherAddress"> = {}): Promise<WorkerServer> {
    const { address } = this.dispatcher;
    const worker = await WorkerServer.start({
      dispatcherAddress: address,
      heartbeatIntervalMs: 100,
      ...this.options.worker,
      ...config,
    });
    this.workers.push(worker);
    return worker;
  }

  /** Reads a dataset through this service; OFF unless told otherwise. */
  distribute<T>(options: Partial<DistributeOptions> = {}): (dataset: Dataset<T>) => Dataset<T> {
    return distribute<T>({
      processingMode: "parallel_epochs",
      service: this.service,
      taskRefreshIntervalMs: 20,
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
    await this.dispatcher.stop();
  }
}

/** Starts a cluster whose workers have registered. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = new Cluster(await DispatchServer.start(options.dispatcher), options);
  for (let i = 0; i < (options.workers ?? 1); i++) await cluster.addWorker();
  return cluster;
}

/** Waits until `condition` holds, looking again each time the event loop has turned. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = AbortSignal.timeout(10_000);
  while (!condition()) {
    if (deadline.aborted) throw new Error(`Waited 10 s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
