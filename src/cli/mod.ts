/**
 * Floor 7: the command line.
 *
 * @module
 */
export { type ParsedFlags, parseFlags } from "./flags.ts";
export { helpText } from "./help.ts";
export { type JournalCommand, runJournal } from "./run_journal.ts";
export { type CommandServer, runServer, type ServerCommand } from "./run_server.ts";
