import { silentLog } from "../../src/base/mod.ts";
import { createFileJournal } from "../../src/dispatcher/mod.ts";
import { denoJournalFiles } from "../../src/platform/mod.ts";
import { testJournal } from "../dispatcher/journal_contract.ts";

testJournal("file journal on a disk", async () => {
  const workDir = await Deno.makeTempDir();
  return {
    open: () => Promise.resolve(createFileJournal({ files: denoJournalFiles(workDir), log: silentLog })),
    dispose: () => Deno.remove(workDir, { recursive: true }),
  };
});
