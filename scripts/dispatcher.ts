/**
 * The dispatcher's program: `deno task dispatcher --help` lists its flags.
 *
 * @module
 */
import { runServer } from "../src/cli/mod.ts";
import { DISPATCHER_FIELDS, type DispatcherConfig, DispatchServer } from "../src/server/mod.ts";

if (import.meta.main) {
  Deno.exit(
    await runServer({
      name: "dispatcher",
      summary: "Coordinates workers and readers of a Sluice data service.",
      fields: DISPATCHER_FIELDS,
      create: (config) => new DispatchServer(config as DispatcherConfig, { start: false }),
      ready: (server) => `Sluice dispatcher serving at ${server.target}`,
    }, Deno.args),
  );
}
