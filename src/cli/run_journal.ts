/** The command that prints and verifies a dispatcher's journal. */

import { parseArgs } from "@std/cli";
import { messageOf } from "../base/mod.ts";
import {
  inspectJournal,
  type JournalFiles,
  type JournalLine,
  type JournalSummary,
} from "../dispatcher/mod.ts";

const HELP = `Prints the journal of a dispatcher that does not run, one line an update, and verifies it.

Usage: deno run --allow-read scripts/journal.ts DIR [flags]

  DIR          The dispatcher's work dir
  --verify     Only say whether the journal is sound
  --json       Print each line as JSON
  -h, --help   Print this

Ends with 0 if the journal is sound (a torn last write is), 1 if it is damaged, missing or another version's, 2 for
wrong flags.`;

/** What the command works with. */
export interface JournalCommand {
  /** The files below a directory. */
  open(directory: string): JournalFiles;
  print(line: string): void;
  /** Prints what went wrong. */
  printError(line: string): void;
}

/** Runs the command to its end and gives the exit status. */
export async function runJournal(args: readonly string[], command: JournalCommand): Promise<number> {
  const { open, print, printError } = command;
  const unknown: string[] = [];
  const flags = parseArgs([...args], {
    boolean: ["verify", "json", "help"],
    alias: { h: "help" },
    unknown: (argument) => {
      if (argument.startsWith("-")) unknown.push(argument);
    },
  });
  if (flags.help) {
    print(HELP);
    return 0;
  }
  const [directory, ...others] = flags._.map(String);
  if (unknown.length > 0 || directory === undefined || others.length > 0) {
    printError(
      unknown.length > 0
        ? `journal: ${unknown[0]} is not known: --help lists the flags`
        : "journal: one directory must be given: --help says how",
    );
    return 2;
  }
  const onLine = flags.verify
    ? () => {}
    : (line: JournalLine) => print(flags.json ? JSON.stringify(line) : show(line));
  try {
    const summary = await inspectJournal(open(directory), onLine);
    if (!summary) {
      printError(`journal: there is no journal in "${directory}"`);
      return 1;
    }
    print(flags.json ? JSON.stringify({ sound: true, ...summary }) : showSummary(summary));
    return 0;
  } catch (error) {
    printError(`journal: ${messageOf(error)}`);
    return 1;
  }
}

function show({ file, offset, event: { type, ...fields } }: JournalLine): string {
  const shown = Object.entries(fields).filter(([, value]) => value !== null).map(([name, value]) =>
    `${name}=${JSON.stringify(value)}`
  );
  return [`${file.slice(file.lastIndexOf("/") + 1)}:${offset}`, type, ...shown].join(" ");
}

function showSummary({ updates, snapshot, torn }: JournalSummary): string {
  const begin = snapshot ? ` behind the snapshot "${snapshot}"` : "";
  const end = torn
    ? `; ${torn.bytes} bytes of a write that was cut short, at byte ${torn.offset} of "${torn.file}", ` +
      "will be cut off by the next start"
    : "";
  return `The journal is sound: ${updates} update${updates === 1 ? "" : "s"}${begin}${end}`;
}
