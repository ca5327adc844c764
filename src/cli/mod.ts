/**
 * Floor 7: the command line.
 *
 * @module
 */
export { type CommandServer, runServer, type ServerCommand } from "./run_server.ts";
