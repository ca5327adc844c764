import type { JournalFiles } from "../../src/dispatcher/journal/journal_files.ts";
import type { MemoryJournalFiles } from "../../src/dispatcher/journal/memory_journal_files.ts";

/**
 * A disk that waits for `before` at each operation: what is decided, and not yet written or synced, is what a crash in
 * between takes away.
 */
export function slowDisk(disk: MemoryJournalFiles, before: () => Promise<void>): JournalFiles {
  const paced = <A extends unknown[], R>(operation: (...args: A) => Promise<R>) => async (...args: A) => {
    await before();
    return await operation(...args);
  };
  return {
    describe: (name) => disk.describe(name),
    makeDirectory: paced((directory) => disk.makeDirectory(directory)),
    list: paced((directory) => disk.list(directory)),
    read: paced((name) => disk.read(name)),
    append: paced(async (name) => {
      const file = await disk.append(name);
      return { ...file, write: paced(file.write), sync: paced(file.sync) };
    }),
    rename: paced((from, to) => disk.rename(from, to)),
    remove: paced((name) => disk.remove(name)),
    syncDirectory: paced((directory) => disk.syncDirectory(directory)),
    lock: paced((name) => disk.lock(name)),
  };
}
