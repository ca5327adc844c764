/** The ports through which bytes and names come in. */

/** A sequence of bytes that can be opened by name: a file, an object behind a URL, memory. */
export interface ByteSource {
  /** The name that messages show. */
  readonly name: string;
  /** Size in bytes, or null where it is not known before the end. */
  size(): Promise<number | null>;
  /**
   * The bytes from `start` (default 0) on, read as they are pulled: memory stays bounded whatever the size.
   * Cancelling the stream or aborting `signal` releases the file or connection.
   *
   * @throws {NotFoundError} with the name, if there is nothing under it
   * @throws {UnavailableError} if it cannot be reached for now
   */
  open(options?: { start?: number; signal?: AbortSignal }): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
}

/**
 * Finds byte sources by name. `src/platform/` has one for local files, `src/sources/` for URLs and memory.
 */
export interface FileSystem {
  /** The source under a path or URL. Does not touch it: a missing one fails in `open`. */
  source(name: string): ByteSource;
  /**
   * The names that a path, URL or glob stands for, sorted. A name that exists is taken literally, whatever
   * characters it has; a URL always is.
   *
   * @throws {NotFoundError} with the pattern, if nothing matches
   */
  list(pattern: string, options?: { signal?: AbortSignal }): Promise<string[]>;
}
