/** The port to the disk that a journal in files lives on. */

/** A file that is written at its end only. */
export interface AppendFile {
  /** Writes all of `bytes`; what was written of them when this fails is not known. */
  write(bytes: Uint8Array): Promise<void>;
  /** The same at once, for few bytes: the operating system has them when it returns. */
  writeNow(bytes: Uint8Array): void;
  /** Resolves when what was written survives the loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The working directory of a dispatcher. Names are relative to it, with "/" between a directory and a file.
 *
 * Whatever fails says in its message what could not be done with which file, and rejects with
 * ResourceExhaustedError for a full disk or quota, PermissionDeniedError for a file or file system that may not be
 * written, NotFoundError for a missing file, UnavailableError for anything else.
 */
export interface JournalFiles {
  /** A name as messages show it. */
  describe(name: string): string;
  /** Makes a directory and those above it, for good, unless they are there. */
  makeDirectory(directory: string): Promise<void>;
  /** The names of the files in a directory, without the directory; none if it is not there. */
  list(directory: string): Promise<string[]>;
  /** The whole of a file. */
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Opens a file to write at its end; one that is not there is made, which lasts once its directory is synced. */
  append(name: string): Promise<AppendFile>;
  /** Renames a file at once and as a whole, replacing what had the name; lasts once the directory is synced. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; one that is not there is no error. */
  remove(name: string): Promise<void>;
  /** Resolves when the names in a directory survive the loss of power. */
  syncDirectory(directory: string): Promise<void>;
  /**
   * Takes a lock that ends with the process at the latest, however it ends.
   *
   * @returns what releases the lock; null if somebody else has it
   */
  lock(name: string): Promise<(() => Promise<void>) | null>;
}
