/**
 * Prints and verifies the journal of a dispatcher: `--help` lists its flags.
 *
 * @module
 */
import { runJournal } from "../src/cli/mod.ts";
import { denoJournalFiles } from "../src/platform/mod.ts";

if (import.meta.main) {
  Deno.exit(
    await runJournal(Deno.args, {
      open: denoJournalFiles,
      print: (line) => console.log(line),
      printError: (line) => console.error(line),
    }),
  );
}
