/** A task's process, assembled. */

import { consoleLog, systemClock } from "../base/mod.ts";
import { listen, listenNear, splitLines } from "../platform/mod.ts";
import { runTaskProcess } from "../worker/mod.ts";
import { createLocalHost } from "./local_host.ts";

// The worker's own patience with the dispatcher counts: its refusals are final here.
const DISPATCHER_TIMEOUT_MS = 3_600_000;

// The graph of a dataset comes in one line.
const MAX_LINE_BYTES = 400 * 1024 * 1024;

/** Responses that are still being written when the process ends get this long. */
const STOP_GRACE_MS = 400;

/** Runs the task that the worker gives, to its end or the worker's. */
export async function runTask(): Promise<void> {
  const text = new TextEncoder();
  // Taken before any user code runs, which may put something else in their places.
  const stdout = Deno.stdout;
  const writeSync = stdout.writeSync.bind(stdout);
  await runTaskProcess({
    input: splitLines(Deno.stdin.readable, MAX_LINE_BYTES),
    write(line) {
      const bytes = text.encode(line + "\n");
      for (let at = 0; at < bytes.byteLength;) at += writeSync(bytes.subarray(at));
    },
    clock: systemClock,
    serve({ hostname, socketPath }, handler) {
      const log = consoleLog;
      const near = socketPath === null ? null : listenNear({ path: socketPath, handler, log });
      const server = listen({ hostname, port: 0, handler, log });
      return {
        port: server.port,
        stop: async () => void await Promise.all([near?.stop(STOP_GRACE_MS), server.stop(STOP_GRACE_MS)]),
      };
    },
    createHost: ({ settings }, dispatcher) =>
      createLocalHost({
        ...settings,
        spareLane: true,
        dispatcher,
        dispatcherTimeoutMs: DISPATCHER_TIMEOUT_MS,
      }),
  });
}
