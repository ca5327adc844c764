/** A dispatcher's port for TensorFlow's programs. */

import { consoleLog, systemClock, UnavailableError } from "../base/mod.ts";
import type { DatasetFormat, Dispatcher, WorkerLink } from "../dispatcher/mod.ts";
import { denoDurableFiles } from "../platform/mod.ts";
import { createInspectionClient } from "../rpc/mod.ts";
import type { GrpcServer, TensorFlowWorkers } from "../tensorflow/dispatcher/mod.ts";
import type { CompleteDispatcherConfig } from "./dispatcher_config.ts";
import { warnOfStrangers } from "./warn_of_strangers.ts";

/** Deadline of a worker that is asked what the elements of a dataset look like: it may have to make one. */
const INSPECTION_TIMEOUT_MS = 60_000;

// Loaded where it is asked for: HTTP/2 takes memory that most dispatchers have no use for. And not by the door of all,
// behind which are workers and readers.
type TensorFlowModule = typeof import("../tensorflow/dispatcher/mod.ts");

/** A port that opens once the dispatcher serves, and what the dispatcher is made with for it. */
export class DispatcherTensorFlow {
  readonly #config: CompleteDispatcherConfig;
  readonly #loading: Promise<TensorFlowModule>;
  #loaded: { format: DatasetFormat; workers: TensorFlowWorkers } | undefined;
  #server: GrpcServer | undefined;
  #isStopped = false;

  /** Begins to load what the port takes. */
  constructor(config: CompleteDispatcherConfig) {
    this.#config = config;
    this.#loading = import("../tensorflow/dispatcher/mod.ts");
    this.#loading.catch(() => {}); // Whoever opens the port gets the error.
  }

  /** TensorFlow's graphs. Nobody sends any before the port is open. */
  get format(): DatasetFormat {
    return {
      name: "tensorflow",
      check: (graph) => this.#parts().format.check(graph),
      canonicalSpec: (spec) => this.#parts().format.canonicalSpec(spec),
      sources: (graph) => this.#parts().format.sources(graph),
    };
  }

  /** How TensorFlow's workers are reached; some may be known from before a restart. */
  get link(): WorkerLink {
    return {
      push: async (task, call) => await this.#parts().workers.push(task, call),
      probe: async (address, call) => await this.#parts().workers.probe(address, call),
    };
  }

  /** The port's number; undefined until it is open. */
  get port(): number | undefined {
    return this.#server?.port;
  }

  /**
   * Opens the port, for a dispatcher that serves.
   *
   * @throws {UnavailableError} naming the port, if it is in use
   * @throws the error of a saved dataset that cannot be taken up
   */
  async open({ parts }: Dispatcher): Promise<void> {
    const { hostname, tfPort = 0, faultTolerantMode, workerMaxConcurrentSnapshots } = this.#config;
    const { openTensorFlowPort, tensorflowFormat, TensorFlowWorkers } = await this.#loading;
    this.#loaded = { format: tensorflowFormat, workers: new TensorFlowWorkers() };
    warnOfStrangers(hostname, "may read and register datasets");
    const server = await openTensorFlowPort({
      hostname,
      port: tfPort,
      parts,
      durable: faultTolerantMode,
      maxStreamsPerWorker: workerMaxConcurrentSnapshots,
      files: denoDurableFiles,
      askWorker: async (address, { format, graph }) => {
        const { elementSpec } = await createInspectionClient(address).getElementSpec(
          { dataset: { format, graph: graph as Uint8Array<ArrayBuffer> } },
          { timeoutMs: INSPECTION_TIMEOUT_MS },
        );
        return elementSpec;
      },
      clock: systemClock,
      log: consoleLog,
    });
    // A stop that came meanwhile found nothing to close.
    if (this.#isStopped) await server.stop();
    else this.#server = server;
  }

  /** Closes the port. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#server?.stop();
    this.#loaded?.workers[Symbol.dispose]();
  }

  #parts(): { format: DatasetFormat; workers: TensorFlowWorkers } {
    if (this.#loaded) return this.#loaded;
    throw new UnavailableError("The port for TensorFlow is not open yet");
  }
}
