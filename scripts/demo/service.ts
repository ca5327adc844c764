/** The demo's service: a dispatcher that remembers, and workers. */

import { Processes } from "./processes.ts";
import type { Screen } from "./screen.ts";

/** What a service is started with. */
export interface ServiceOptions {
  /** For what its processes write. */
  readonly directory: string;
  /** The only directory that tasks may read. */
  readonly digits: string;
  /** How many workers. */
  readonly workers: number;
  /** Told what happens to the processes. */
  readonly screen: Pick<Screen, "print" | "error">;
}

/** A running service. */
export interface Service extends AsyncDisposable {
  /** Where readers find it. */
  readonly target: string;
  /** The names of its workers. */
  readonly workers: readonly string[];
  /** How many times the process of that name has ended. */
  endsOf(name: string): number;
  /** Rejects when a process cannot be kept running. */
  readonly failed: Promise<never>;
}

/** Starts a service whose processes are started again when they end. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { directory, digits, workers, screen } = options;
  const processes = new Processes({
    tell: (line) => screen.print(line),
    tellError: (line) => screen.error(line),
    // The sockets of a worker that is killed stay behind: they go with the directory.
    env: { TMPDIR: directory },
  });
  try {
    const dispatcher = await processes.start(
      "dispatcher",
      "dispatcher.ts",
      `--work-dir=${directory}/dispatcher`,
      "--fault-tolerant-mode",
    );
    const running = await Promise.all(
      Array.from({ length: workers }, (_, i) =>
        processes.start(
          `worker ${i + 1}`,
          "worker.ts",
          `--dispatcher-address=${dispatcher.address}`,
          `--allow-read=${digits}`,
          "--allow-env=DEMO_SERVER",
        )),
    );
    for (const { name, pid, address } of [dispatcher, ...running]) {
      screen.print(`${name} at ${address} (process ${pid})`);
    }
    return {
      target: dispatcher.target,
      workers: running.map(({ name }) => name),
      endsOf: (name) => processes.endsOf(name),
      failed: processes.failed,
      [Symbol.asyncDispose]: () => processes[Symbol.asyncDispose](),
    };
  } catch (error) {
    await processes[Symbol.asyncDispose]();
    throw error;
  }
}
