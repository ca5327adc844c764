/** The host of tasks in processes of their own, assembled. */

import { consoleLog, systemClock, systemRandom } from "../base/mod.ts";
import { ownStreams, SocketDirectory, startSubprocess, subprocessEnvironment } from "../platform/mod.ts";
import type { DispatcherClient } from "../rpc/mod.ts";
import { createProcessHost, type TaskHost } from "../worker/mod.ts";
import { LANE_MODULE } from "./local_host.ts";
import { taskFlags } from "./task_permissions.ts";
import type { CompleteWorkerConfig } from "./worker_config.ts";

/** What the host needs beside the worker's configuration. */
export interface IsolatedHostOptions {
  /** Leases splits. */
  readonly dispatcher: DispatcherClient;
  /** The address that readers use for the worker. */
  readonly address: () => string;
}

const PROGRAM = import.meta.resolve("./task_host_main.ts");

/** Makes the host. Nothing is started or made on disk before it is asked to. */
export function createIsolatedHost(
  config: CompleteWorkerConfig,
  { dispatcher, address }: IsolatedHostOptions,
): TaskHost {
  const { hostname, permissions, relayElements, taskHeapLimitMb, taskWatchdogMs } = config;
  const sockets = new SocketDirectory();
  const host = createProcessHost({
    clock: systemClock,
    random: systemRandom,
    log: consoleLog,
    dispatcher,
    hostname: relayElements ? "127.0.0.1" : hostname,
    addressOf: (port) => relayElements ? null : dataAddress(address(), port),
    nextSocketPath: () => relayElements ? null : sockets.next(),
    openStream: ownStreams(),
    warmProcesses: config.warmTaskProcesses,
    watchdogMs: taskWatchdogMs,
    heapLimitMb: taskHeapLimitMb,
    settings: { lanes: config.lanes, crossTrainerCacheSizeBytes: config.crossTrainerCacheSizeBytes },
    print: (task, line) => console.error(task === null ? `task process: ${line}` : `task ${task}: ${line}`),
    spawn: (socketPath) =>
      startSubprocess({
        module: PROGRAM,
        flags: taskFlags(permissions, {
          hostname: relayElements ? "127.0.0.1" : hostname,
          socketPath,
          read: config.lanes > 1 ? laneFiles() : [],
          heapLimitMb: taskHeapLimitMb,
        }),
        env: subprocessEnvironment(permissions.env ?? false),
      }),
  });
  return {
    prepare: () => host.prepare?.(),
    start: (...task) => host.start(...task),
    async stop() {
      await host.stop?.();
      sockets.remove();
    },
  };
}

/** The worker's address with another port: what leads to the worker's host leads to its tasks. */
function dataAddress(workerAddress: string, port: number): string {
  const url = new URL(workerAddress.includes("://") ? workerAddress : `http://${workerAddress}`);
  url.port = String(port);
  url.protocol = "http:";
  return url.origin;
}

/** What a lane's thread has to read: its program, which Deno counts as a file that is read and not as one that is run. */
function laneFiles(): string[] {
  return LANE_MODULE.startsWith("file:") ? [decodeURIComponent(new URL("..", LANE_MODULE).pathname)] : [];
}
