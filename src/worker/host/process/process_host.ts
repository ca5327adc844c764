import { type Clock, type Log, messageOf, type Random } from "../../../base/mod.ts";
import type { DispatcherClient, OpenStream } from "../../../rpc/mod.ts";
import { randomId } from "../../random_id.ts";
import type {
  GraphLoader,
  TaskCircumstances,
  TaskDefinition,
  TaskHandle,
  TaskHost,
  ToldWaiter,
} from "../task_host.ts";
import { FailedTask } from "./failed_task.ts";
import { HostProcess } from "./host_process.ts";
import { ProcessPool } from "./process_pool.ts";
import { ProcessTask } from "./process_task.ts";
import type { TaskSettings } from "./messages.ts";
import type { SpawnProcess } from "./subprocess.ts";

/** What tasks in processes of their own are given. */
export interface ProcessHostOptions {
  /** Times the watchdog and the ends of processes. */
  clock: Clock;
  /** Names sessions and marks. */
  random: Random;
  /** Where troubles with processes are told. */
  log: Log;
  /** Starts a process that runs the task program. */
  spawn: SpawnProcess;
  /** Leases splits to dynamically sharded tasks. */
  dispatcher: Pick<DispatcherClient, "getSplit">;
  /** Host name or address that the processes listen on. */
  hostname: string;
  /** The address for readers of a process that listens on `port`, such as "http://host:port"; null: the worker relays. */
  addressOf: (port: number) => string | null;
  /** A path for the socket of the next process, which readers on this host use; null: there is none. */
  nextSocketPath: () => string | null;
  /** How many processes are kept ready. @default 1 */
  warmProcesses?: number;
  /** How processes run their tasks. */
  settings: TaskSettings;
  /** How long a process may not turn its event loop, in milliseconds. */
  watchdogMs: number;
  /** Limit of a process's heap, in MiB; for messages, as `spawn` sets it. */
  heapLimitMb: number;
  /** Takes a line that a task printed; `task` is its id, or null before there is one. */
  print: (task: bigint | null, line: string) => void;
  /** Replaces the global `fetch`, as tests do. */
  fetch?: typeof globalThis.fetch;
  /** Opens streams of processes, for readers that reach the worker only, better than `fetch` does. */
  openStream?: OpenStream | undefined;
}

/** Makes a host that runs each task in a process of its own; only tasks of one graph may have the same, in turn. */
export function createProcessHost(options: ProcessHostOptions): TaskHost {
  return new ProcessHost(options);
}

class ProcessHost implements TaskHost {
  readonly #options: ProcessHostOptions;
  readonly #pool: ProcessPool;
  readonly #tasks = new WeakMap<HostProcess, bigint>();

  constructor(options: ProcessHostOptions) {
    this.#options = options;
    const { clock, log, warmProcesses: size = 1 } = options;
    this.#pool = new ProcessPool({ size, spawn: () => this.#spawn(), clock, log });
  }

  prepare(): void {
    this.#pool.fill();
  }

  start(
    definition: TaskDefinition,
    loadGraph: GraphLoader,
    told: ToldWaiter,
    { graph, onDeserted = () => {} }: TaskCircumstances = {},
  ): TaskHandle {
    const { random, dispatcher, addressOf, hostname, fetch, openStream, log } = this.#options;
    let process: HostProcess;
    try {
      process = this.#pool.take(graph);
    } catch (error) {
      log.warn("Cannot start the process of a task", {
        task: String(definition.taskId),
        reason: messageOf(error),
      });
      return new FailedTask(error as Error, random);
    }
    this.#tasks.set(process, definition.taskId);
    return new ProcessTask({
      definition,
      process,
      loadGraph,
      told,
      dispatcher,
      random,
      fetch,
      ...(openStream && { openStream }),
      addressesOf: (port, socketPath) => {
        const address = addressOf(port);
        return [
          ...(socketPath === null ? [] : [`unix:${socketPath}`]),
          ...(address === null ? [] : [address]),
        ];
      },
      ownAddressOf: (port) => `http://${reachable(hostname)}:${port}`,
      mayRest: () => graph !== undefined && this.#pool.isOpen,
      onRested: () => this.#pool.giveBack(process, graph),
      onDeserted,
    });
  }

  stop(): Promise<void> {
    return this.#pool.stop();
  }

  #spawn(): HostProcess {
    const { spawn, nextSocketPath, hostname, settings, random } = this.#options;
    const socketPath = nextSocketPath();
    const process: HostProcess = new HostProcess({
      ...this.#options,
      process: spawn(socketPath),
      setup: { mark: `\u0001${randomId(random)} `, hostname, socketPath, settings },
      onPrinted: (line) => this.#options.print(this.#tasks.get(process) ?? null, line),
    });
    return process;
  }
}

/** Where a process that listens on `hostname` is reached from this host. */
function reachable(hostname: string): string {
  if (hostname === "0.0.0.0") return "127.0.0.1";
  if (hostname === "::" || hostname === "[::]") return "[::1]";
  return hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname;
}
