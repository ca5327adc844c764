/** A service whose workers run partly in this process and partly elsewhere. */

import { type DispatcherConfig, DispatchServer, type WorkerConfig } from "../../mod.ts";
import { Cluster, type ClusterOptions } from "./cluster.ts";
import type { ThreadAnswer, ThreadRequest } from "./remote_worker_thread.ts";

type Unnumbered<R> = R extends unknown ? Omit<R, "id"> : never;

/** A thread with workers of its own. Started once a file and shared: modules take their time to load. */
class Remote {
  readonly #thread = new Worker(import.meta.resolve("./remote_worker_thread.ts"), { type: "module" });
  #asked = 0;
  #waiting = new Map<number, (answer: ThreadAnswer) => void>();

  constructor() {
    this.#thread.onmessage = ({ data }: MessageEvent<ThreadAnswer>) => {
      this.#waiting.get(data.id)!(data);
      this.#waiting.delete(data.id);
    };
  }

  async ask(request: Unnumbered<ThreadRequest>): Promise<Extract<ThreadAnswer, { address: string }>> {
    const id = this.#asked++;
    const answered = new Promise<ThreadAnswer>((resolve) => this.#waiting.set(id, resolve));
    this.#thread.postMessage({ ...request, id });
    const answer = await answered;
    if ("error" in answer) throw Object.assign(new Error(answer.error.message), { name: answer.error.name });
    return answer;
  }
}

const remote = new Remote();

/** A worker that this process sees over the network only. */
export interface RemoteWorker extends AsyncDisposable {
  readonly address: string;
  numTasks(): Promise<number>;
}

/** Starts such a worker; rejects with what its start failed with. */
export async function startRemoteWorker(config: WorkerConfig): Promise<RemoteWorker> {
  const { address } = await remote.ask({
    kind: "start",
    config: { heartbeatIntervalMs: 100, ...config },
  });
  return {
    address,
    numTasks: async () => (await remote.ask({ kind: "numTasks", address })).numTasks,
    async [Symbol.asyncDispose]() {
      await remote.ask({ kind: "stop", address });
    },
  };
}

/** What a {@linkcode MixedCluster} is made of. */
export interface MixedClusterOptions extends Omit<ClusterOptions, "workers"> {
  /** Workers in this process. */
  local: number;
  /** Workers elsewhere. */
  remote: number;
  /** How many of the remote ones start before the local ones. @default all after */
  before?: number;
}

/** The multi-process cluster of the conformance cases: colocated unless told otherwise. */
export class MixedCluster extends Cluster {
  readonly remotes: RemoteWorker[] = [];

  async addRemote(config: Omit<WorkerConfig, "dispatcherAddress"> = {}): Promise<RemoteWorker> {
    const worker = await startRemoteWorker({
      dispatcherAddress: this.dispatcher.address,
      ...this.options.worker,
      ...config,
    });
    this.remotes.push(worker);
    return worker;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.remotes.map((worker) => worker[Symbol.asyncDispose]()));
    await super[Symbol.asyncDispose]();
  }
}

/** Starts a cluster whose workers have registered. */
export async function startMixedCluster(options: MixedClusterOptions): Promise<MixedCluster> {
  const config: DispatcherConfig = { deploymentMode: "colocated", ...options.dispatcher };
  const cluster = new MixedCluster(await DispatchServer.start(config), options);
  const before = options.before ?? 0;
  for (let i = 0; i < before; i++) await cluster.addRemote();
  for (let i = 0; i < options.local; i++) await cluster.addWorker();
  for (let i = before; i < options.remote; i++) await cluster.addRemote();
  return cluster;
}
