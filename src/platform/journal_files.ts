/** The disk under a dispatcher's journal. */

import {
  FailedPreconditionError,
  PermissionDeniedError,
  ResourceExhaustedError,
  type SluiceError,
} from "../base/mod.ts";
import type { JournalFiles } from "../dispatcher/mod.ts";
import { fileError } from "./file_source.ts";

/** The files below `workDir`. */
export function denoJournalFiles(workDir: string): JournalFiles {
  const path = (name: string) => `${workDir}/${name}`;
  const attempt = async <T>(action: string, name: string, run: (path: string) => Promise<T>): Promise<T> => {
    try {
      return await run(path(name));
    } catch (error) {
      throw diskError(action, path(name), error);
    }
  };
  return {
    describe: path,
    makeDirectory: (directory) =>
      attempt("make", directory, async (target) => {
        await Deno.mkdir(target, { recursive: true });
        await syncDirectory(workDir);
      }),
    async list(directory) {
      const names: string[] = [];
      await attempt("list", directory, async (target) => {
        try {
          for await (const entry of Deno.readDir(target)) if (entry.isFile) names.push(entry.name);
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        }
      });
      return names;
    },
    read: (name) => attempt("read", name, (target) => Deno.readFile(target)),
    async append(name) {
      const file = await attempt(
        "open",
        name,
        (target) => Deno.open(target, { write: true, append: true, create: true }),
      );
      return {
        write: (bytes) =>
          attempt("write", name, async () => {
            for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
          }),
        writeNow(bytes) {
          try {
            for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
          } catch (error) {
            throw diskError("write", path(name), error);
          }
        },
        // The length is data here: fdatasync writes it too.
        sync: () => attempt("sync", name, () => file.syncData()),
        close() {
          file.close();
          return Promise.resolve();
        },
      };
    },
    rename: (from, to) => attempt("rename", from, (target) => Deno.rename(target, path(to))),
    remove: (name) =>
      attempt("remove", name, async (target) => {
        try {
          await Deno.remove(target);
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        }
      }),
    syncDirectory: (directory) => attempt("sync", directory, syncDirectory),
    lock: (name) => attempt("lock", name, lock),
  };
}

async function syncDirectory(path: string): Promise<void> {
  // Windows neither opens directories as files nor needs it.
  if (Deno.build.os === "windows") return;
  using directory = await Deno.open(path);
  await directory.sync();
}

/** The operating system releases the lock when the process ends, by whatever signal. */
async function lock(path: string): Promise<(() => Promise<void>) | null> {
  const file = await Deno.open(path, { write: true, create: true });
  let isMine = false;
  try {
    isMine = await file.tryLock(true);
  } finally {
    if (!isMine) file.close();
  }
  if (!isMine) return null;
  return async () => {
    await file.unlock();
    file.close();
  };
}

/** The error that a failed operation on the disk is to a dispatcher. */
export function diskError(action: string, path: string, error: unknown): SluiceError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const what = `Cannot ${action} ${JSON.stringify(path)}`;
  // Deno gives no code for quotas and for limits on the size of a file.
  const isLimit = error instanceof Error && /file too large|quota exceeded/i.test(error.message);
  if (code === "ENOSPC" || isLimit) {
    return new ResourceExhaustedError(`${what}: there is no room left on the disk`, { cause: error });
  }
  if (code === "EROFS") {
    return new PermissionDeniedError(`${what}: the file system is read-only`, { cause: error });
  }
  if (code === "ENOTDIR") {
    return new FailedPreconditionError(`${what}: a part of the path is no directory`, { cause: error });
  }
  return fileError(action, path, error);
}
