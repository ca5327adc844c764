/** Files of this machine that are the record of something. */

import type { DurableFiles } from "../base/mod.ts";
import { fileError } from "./file_source.ts";
import { diskError } from "./journal_files.ts";

/** Runs an operation on the disk; what it throws says what could not be done. */
async function attempt<T>(action: string, path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw diskError(action, path, error);
  }
}

/** The answer where there is no such file or directory. */
async function unlessMissing<T>(missing: T, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return missing;
    throw error;
  }
}

/** The disk, by paths that are absolute or relative to the working directory. */
export const denoDurableFiles: DurableFiles = {
  exists: (path) =>
    attempt("look at", path, () => unlessMissing(false, () => Deno.lstat(path).then(() => true))),
  list: (directory) =>
    attempt("list", directory, () =>
      unlessMissing<string[]>([], async () => {
        const names: string[] = [];
        for await (const { name } of Deno.readDir(directory)) names.push(name);
        return names;
      })),
  changedAt: (path) =>
    attempt("look at", path, async () => {
      const { ctime, mtime } = await Deno.stat(path);
      return (ctime ?? mtime)?.getTime() ?? 0;
    }),
  async read(path) {
    try {
      return await Deno.readFile(path);
    } catch (error) {
      throw fileError("read", path, error);
    }
  },
  makeDirectory: (directory) => attempt("make", directory, () => Deno.mkdir(directory, { recursive: true })),
  write: (path, content, options) =>
    attempt("write", path, async () => {
      if (options?.survives === "crash") return await Deno.writeFile(path, content);
      using file = await Deno.open(path, { write: true, create: true, truncate: true });
      for (let at = 0; at < content.length;) at += await file.write(content.subarray(at));
      await file.syncData();
    }),
  rename: (from, to) => attempt("rename", from, () => Deno.rename(from, to)),
  remove: (path) =>
    attempt("remove", path, () => unlessMissing(undefined, () => Deno.remove(path, { recursive: true }))),
  syncDirectory: (directory) =>
    attempt("sync", directory, async () => {
      // Windows neither opens directories as files nor needs it.
      if (Deno.build.os === "windows") return;
      using opened = await Deno.open(directory);
      await opened.sync();
    }),
};
