import { NotFoundError, PermissionDeniedError, SluiceError, UnavailableError } from "../base/mod.ts";
import type { ByteSource } from "../sources/mod.ts";

// Reads cost about 50 us each, whatever their size: larger ones gain little, and every open file holds two.
const CHUNK_BYTES = 262_144;

/** The error that a failed file operation is to the reader. */
export function fileError(action: string, name: string, error: unknown): SluiceError {
  const what = `Cannot ${action} ${JSON.stringify(name)}`;
  if (error instanceof SluiceError) return error;
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
    return new NotFoundError(`${what}: there is no such file`, { cause: error });
  }
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return new PermissionDeniedError(`${what}: ${error.message}`, { cause: error });
  }
  return new UnavailableError(`${what}: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}

async function openFile(path: string, name: string, start: number): Promise<Deno.FsFile> {
  let file: Deno.FsFile | undefined;
  try {
    file = await Deno.open(path);
    if ((await file.stat()).isDirectory) {
      throw new NotFoundError(`Cannot open ${JSON.stringify(name)}: it is a directory, not a file`);
    }
    if (start > 0) await file.seek(start, Deno.SeekMode.Start);
    return file;
  } catch (error) {
    file?.close();
    throw fileError("open", name, error);
  }
}

/** A local file. `name` is what messages show. */
export function fileSource(path: string, name: string): ByteSource {
  return {
    name,
    async size() {
      try {
        const info = await Deno.stat(path);
        // Pipes and devices say 0, whatever will come out of them.
        return info.isFile ? info.size : null;
      } catch (error) {
        throw fileError("open", name, error);
      }
    },
    async open({ start = 0, signal } = {}) {
      signal?.throwIfAborted();
      return fileStream(await openFile(path, name, start), name, signal);
    },
  };
}

function fileStream(
  file: Deno.FsFile,
  name: string,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let open = true;
  let reading = false;
  let onAbort: (() => void) | undefined;
  const release = () => {
    if (!open) return;
    open = false;
    if (onAbort) signal?.removeEventListener("abort", onAbort);
    // A file that is closed under a read makes that read fail in ways that differ by platform.
    if (!reading) file.close();
  };
  return new ReadableStream({
    start(controller) {
      if (signal?.aborted) {
        release();
        return controller.error(signal.reason);
      }
      onAbort = () => {
        release();
        controller.error(signal!.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
    },
    async pull(controller) {
      // A new buffer for each read: records are views over it, and live as long as they are used.
      const buffer = new Uint8Array(CHUNK_BYTES);
      reading = true;
      let count: number | null;
      try {
        count = await file.read(buffer);
      } catch (error) {
        if (open) throw fileError("read", name, error);
        return;
      } finally {
        reading = false;
        if (!open) file.close();
      }
      if (!open) return;
      if (count === null) {
        release();
        return controller.close();
      }
      controller.enqueue(buffer.subarray(0, count));
    },
    cancel: release,
  });
}
