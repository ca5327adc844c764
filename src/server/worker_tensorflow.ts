/** A worker's port for TensorFlow's programs. */

import { consoleLog, systemClock } from "../base/mod.ts";
import type { Worker } from "../worker/mod.ts";
import { warnOfStrangers } from "./warn_of_strangers.ts";

/** What the port is opened with. */
export interface WorkerTensorFlowOptions {
  /** Host name or address to bind. */
  readonly hostname: string;
  /** 0: any free port. */
  readonly port: number;
  /** Whose tasks are read. */
  readonly worker: Worker;
  /** The address that readers use for the worker. */
  readonly address: string;
}

/** A port that is open. */
export interface WorkerTensorFlow {
  /** What TensorFlow's readers are told, "host:port": the host of the worker's own address. */
  readonly address: string;
  /** Closes it. */
  stop(): Promise<void>;
}

/**
 * Opens the port.
 *
 * @throws {UnavailableError} naming the port, if it is in use
 */
export async function openWorkerTensorFlow(
  { hostname, port, worker, address }: WorkerTensorFlowOptions,
): Promise<WorkerTensorFlow> {
  // Loaded where it is asked for: HTTP/2 takes memory that most workers have no use for.
  const { serveGrpc, workerMethods } = await import("../tensorflow/mod.ts");
  const { methods, stop } = workerMethods({
    tasks: {
      openStream: (...args) => worker.tasks.openStream(...args),
      getElements: (...args) => worker.tasks.getElements(...args),
      acknowledge: (...args) => worker.tasks.acknowledge(...args),
      running: () => worker.tasks.running(),
      elementSpec: (taskId, signal) => worker.elementSpec(taskId, signal),
    },
    clock: systemClock,
    address: () => address,
  });
  warnOfStrangers(hostname, "may read the elements");
  const server = await serveGrpc({ hostname, port, methods, clock: systemClock, log: consoleLog });
  return {
    address: `${hostOf(address)}:${server.port}`,
    async stop() {
      stop();
      await server.stop();
    },
  };
}

function hostOf(address: string): string {
  return new URL(address.includes("://") ? address : `http://${address}`).hostname;
}
