/** A server as a command: flags in, one line out when it serves, a clean end on SIGINT and SIGTERM. */

import { type Fields, InvalidArgumentError, messageOf, SluiceError, systemClock } from "../base/mod.ts";
import { untilSignalled } from "../platform/mod.ts";
import { parseFlags } from "./flags.ts";
import { helpText } from "./help.ts";

// Whoever waits longer for the end is told that there is a shorter way.
const PATIENCE_MS = 1_000;

/** What the command needs of a server. */
export interface CommandServer {
  readonly address: string;
  /** Where TensorFlow's programs find it, once it has started; undefined: nowhere. */
  readonly tfTarget?: string | undefined;
  start(): Promise<void>;
  /** Resolves when it has stopped, of itself or by `stop()`. */
  join(): Promise<void>;
  stop(): Promise<void>;
}

/** A server's command. */
export interface ServerCommand<S extends CommandServer> {
  /** Its task, such as "dispatcher". */
  name: string;
  /** One sentence for `--help`. */
  summary: string;
  fields: Fields;
  /** Makes the server, bound to its port but not yet serving. */
  create(config: Record<string, unknown>): S;
  /** The line that says it serves. */
  ready(server: S): string;
}

/** Runs the command to its end and gives the exit status: 0 after a signal or where the server ended of itself, 1 after a failure, 2 for wrong flags. */
export async function runServer<S extends CommandServer>(
  command: ServerCommand<S>,
  args: string[],
): Promise<number> {
  const signalled = untilSignalled();
  let server: S;
  let json: boolean;
  try {
    const flags = parseFlags(args, command.fields, (name) => Deno.env.get(name));
    if (flags.help) {
      console.log(helpText(command.name, command.summary, command.fields));
      return 0;
    }
    json = flags.json;
    server = command.create(flags.config);
  } catch (error) {
    console.error(`${command.name}: ${messageOf(error)}`);
    return error instanceof InvalidArgumentError ? 2 : 1;
  }
  const started = server.start().then(() => {
    const { address, tfTarget } = server;
    if (json) {
      return console.log(JSON.stringify({ target: `http://${address}`, address, tensorflow: tfTarget }));
    }
    console.log(command.ready(server) + (tfTarget === undefined ? "" : `\nTensorFlow: ${tfTarget}`));
  });
  try {
    // A worker whose dispatcher is not there yet waits in start(): a signal must end that too.
    await Promise.race([started.then(() => server.join()), signalled]);
    return 0;
  } catch (error) {
    // With the code, by which those who start servers tell a wrong directory from a port in use.
    const code = error instanceof SluiceError ? `${error.code.toUpperCase()}: ` : "";
    console.error(`${command.name}: ${code}${messageOf(error)}`);
    return 1;
  } finally {
    started.catch(() => {}); // Rejects if the stop comes before the start has ended: that is what was asked for.
    using _told = systemClock.setTimer(
      () => console.error(`${command.name}: finishing what it does; a second signal ends it at once`),
      PATIENCE_MS,
    );
    await server.stop();
  }
}
