import type { JournalFiles } from "./journal_files.ts";
import { asideName } from "./layout.ts";

/** Writes a file so that it is there as a whole or not at all, whenever a crash comes; resolves when it is durable. */
export async function writeWhole(
  files: JournalFiles,
  name: string,
  chunks: readonly Uint8Array[],
): Promise<void> {
  const aside = asideName(name);
  await files.remove(aside); // A crash may have left a part.
  try {
    const file = await files.append(aside);
    try {
      for (const chunk of chunks) await file.write(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(aside, name);
  } catch (error) {
    // Nobody reads it, but it takes the room that a full disk lacks.
    await files.remove(aside).catch(() => {});
    throw error;
  }
  await files.syncDirectory(name.slice(0, name.lastIndexOf("/")));
}
