/**
 * The dispatcher's program: `deno task dispatcher --help` lists its flags.
 *
 * @module
 */
import { runServer } from "../src/cli/mod.ts";
// Past the door of the servers: the worker behind it is half of all code, and would double the time to start.
import { DispatchServer } from "../src/server/dispatch_server.ts";
import { DISPATCHER_FIELDS, type DispatcherConfig } from "../src/server/dispatcher_config.ts";

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
