/**
 * A worker's program: `deno task worker --help` lists its flags.
 *
 * @module
 */
import { runServer } from "../src/cli/mod.ts";
import { WORKER_FIELDS, type WorkerConfig, WorkerServer } from "../src/server/mod.ts";

// Whoever starts a worker by itself runs other people's functions on it.
const ISOLATION = "process";

if (import.meta.main) {
  Deno.exit(
    await runServer({
      name: "worker",
      summary: "Runs dataset pipelines of a Sluice data service and gives out their elements.",
      fields: { ...WORKER_FIELDS, isolation: { ...WORKER_FIELDS.isolation, default: ISOLATION } },
      create: (config) =>
        new WorkerServer({ isolation: ISOLATION, ...config as unknown as WorkerConfig }, { start: false }),
      ready: (server) => `Sluice worker serving at ${server.address}`,
    }, Deno.args),
  );
}
