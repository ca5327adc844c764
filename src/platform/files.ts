import { InvalidArgumentError } from "../base/mod.ts";
import { type FileSystem, isUrl, portableFileSystem } from "../sources/mod.ts";
import { fileSource } from "./file_source.ts";
import { listFiles } from "./list_files.ts";

/** The path behind a `file:` URL; any other name as it is. */
export function pathOf(name: string): string {
  const match = /^file:(?:\/\/(?:localhost)?(?=\/))?(.*)$/is.exec(name);
  if (!match) return name;
  try {
    return decodeURIComponent(match[1]);
  } catch (error) {
    throw new InvalidArgumentError(`Cannot read ${JSON.stringify(name)}: it is not a well-formed URL`, {
      cause: error,
    });
  }
}

/**
 * The files of this machine by path, glob or `file:` URL, and everything that `portableFileSystem` reads by
 * URL.
 */
export const denoFileSystem: FileSystem = {
  source: (name) => isUrl(name) ? portableFileSystem.source(name) : fileSource(pathOf(name), name),
  list: async (pattern, { signal } = {}) =>
    isUrl(pattern)
      ? await portableFileSystem.list(pattern, { signal })
      : await listFiles(pathOf(pattern), pattern, signal),
};
