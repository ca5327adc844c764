import { silentLog } from "../../../src/base/mod.ts";
import { createFileJournal } from "../../../src/dispatcher/journal/file_journal.ts";
import { MemoryJournalFiles } from "../../../src/dispatcher/journal/memory_journal_files.ts";
import { testJournal } from "../journal_contract.ts";

testJournal("file journal", () => {
  const files = new MemoryJournalFiles();
  return Promise.resolve({
    open: () => Promise.resolve(createFileJournal({ files, log: silentLog })),
    setFailing: (isFailing) => void (files.capacity = isFailing ? 0 : Infinity),
    dispose: () => Promise.resolve(),
  });
});

testJournal("file journal of tiny segments", () => {
  const files = new MemoryJournalFiles();
  return Promise.resolve({
    open: () => Promise.resolve(createFileJournal({ files, log: silentLog, segmentBytes: 1 })),
    setFailing: (isFailing) => void (files.readOnly = isFailing),
    dispose: () => Promise.resolve(),
  });
});
