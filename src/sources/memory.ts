import { NotFoundError } from "../base/mod.ts";
import type { ByteSource, FileSystem } from "./byte_source.ts";
import { matchGlob } from "./glob.ts";

const CHUNK_BYTES = 65_536;

/** A source over bytes in memory. Chunks are copies: whoever reads may keep them. */
function memorySource(name: string, bytes: Uint8Array | undefined): ByteSource {
  const found = (): Uint8Array => {
    if (bytes === undefined) {
      throw new NotFoundError(`Cannot open ${JSON.stringify(name)}: there is no such file`);
    }
    return bytes;
  };
  return {
    name,
    // deno-lint-ignore require-await -- a missing file must reject, as it does in every other source
    async size() {
      return found().length;
    },
    // deno-lint-ignore require-await -- as above
    async open({ start = 0, signal } = {}) {
      signal?.throwIfAborted();
      const content = found();
      let at = start;
      return new ReadableStream({
        pull(controller) {
          if (signal?.aborted) return controller.error(signal.reason);
          if (at >= content.length) return controller.close();
          controller.enqueue(content.slice(at, at + CHUNK_BYTES));
          at += CHUNK_BYTES;
        },
      }, { highWaterMark: 0 });
    },
  };
}

/**
 * Files that live in memory: for tests, for data that a program made itself, and in browsers. Names are
 * compared as they are; globs work on them as on paths.
 *
 * @param files contents by name; strings are encoded as UTF-8. Later changes of the object or its bytes show.
 */
export function memoryFileSystem(files: Readonly<Record<string, Uint8Array | string>>): FileSystem {
  const contentOf = (name: string): Uint8Array | undefined => {
    if (!Object.hasOwn(files, name)) return undefined;
    const content = files[name];
    return typeof content === "string" ? new TextEncoder().encode(content) : content;
  };
  return {
    source: (name) => memorySource(name, contentOf(name)),
    // deno-lint-ignore require-await -- what is missing must reject, as it does in every other file system
    async list(pattern, { signal } = {}) {
      signal?.throwIfAborted();
      if (Object.hasOwn(files, pattern)) return [pattern];
      const glob = matchGlob(pattern);
      const names = Object.keys(files).filter((name) => glob.test(name)).sort();
      if (names.length === 0) {
        throw new NotFoundError(
          `Cannot find ${JSON.stringify(pattern)}: no file has this name or matches it`,
        );
      }
      return names;
    },
  };
}
