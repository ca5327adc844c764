/** The port to a disk where directories are the record of something, which other programs read and write too. */

/**
 * Files by their paths. Whatever fails says in its message what could not be done with which file, and rejects with
 * ResourceExhaustedError for a full disk or quota, PermissionDeniedError for what may not be read or written,
 * NotFoundError for what is not there, UnavailableError for anything else.
 */
export interface DurableFiles {
  /** Whether there is a file or directory. */
  exists(path: string): Promise<boolean>;
  /** The names in a directory, in no order; none if it is not there. */
  list(directory: string): Promise<string[]>;
  /** When a file got its content or its name, whichever is later, in milliseconds since the epoch. */
  changedAt(path: string): Promise<number>;
  /** The whole of a file. */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Makes a directory and those above it, unless they are there. */
  makeDirectory(directory: string): Promise<void>;
  /**
   * Writes a file, also over another one; a crash may leave a part. When it resolves, the content survives the loss of
   * power; with `survives: "crash"`, the end of the process alone, at a fifth of the time.
   */
  write(path: string, content: Uint8Array, options?: { survives?: "crash" }): Promise<void>;
  /** Renames a file or directory at once and as a whole, replacing a file that has the name. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a directory with all that is in it; what is not there is no error. */
  remove(path: string): Promise<void>;
  /** Resolves when the names in a directory survive the loss of power. */
  syncDirectory(directory: string): Promise<void>;
}

/** Writes a file so that it is there as a whole or not at all, whenever a crash comes; resolves when it is durable. */
export async function writeWhole(files: DurableFiles, path: string, content: Uint8Array): Promise<void> {
  const aside = `${path}.tmp`;
  await files.write(aside, content);
  await files.rename(aside, path);
  await files.syncDirectory(path.slice(0, path.lastIndexOf("/")));
}
