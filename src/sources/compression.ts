import { DataLossError, messageOf } from "../base/mod.ts";
import { adler32 } from "./adler32.ts";
import type { Chunks } from "./chunks.ts";
import { isUrl } from "./url.ts";

/** How the bytes of a file are compressed. */
export type Compression = "none" | "gzip" | "zlib";

/** The values of the option `compression`. */
export const COMPRESSIONS = ["none", "gzip", "zlib", "auto"] as const;

/** The compression of a file: `auto` goes by the end of its name, a URL's query left aside. */
export function compressionOf(name: string, option: (typeof COMPRESSIONS)[number]): Compression {
  if (option !== "auto") return option;
  const path = (isUrl(name) ? name.replace(/[?#].*$/s, "") : name).toLowerCase();
  if (path.endsWith(".gz")) return "gzip";
  return path.endsWith(".zlib") ? "zlib" : "none";
}

/** Remembers the last bytes of what passes. */
class Tail {
  #bytes: number[] = [];

  push(chunk: Uint8Array): void {
    this.#bytes = [...this.#bytes, ...chunk.subarray(-4)].slice(-4);
  }

  get uint32(): number {
    return this.#bytes.reduce((value, byte) => ((value << 8) | byte) >>> 0, 0);
  }
}

// One compressed byte can become 1,032: small pieces keep a hostile file from filling the memory at once.
const PIECE_BYTES = 16_384;

/**
 * The decompressed chunks. Damage gives a {@linkcode DataLossError} with the name; errors of the source pass
 * unchanged.
 */
export function decompress(compressed: Chunks, compression: Compression, name: string): Chunks {
  if (compression === "none") return compressed;
  const stream = new DecompressionStream(compression === "gzip" ? "gzip" : "deflate");
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  const tail = new Tail();
  let given = 0;
  let adler = 1;
  let feeding: Promise<void> | null = null;
  let sourceFailure: { error: unknown } | null = null;

  async function feed(): Promise<void> {
    for (;;) {
      let chunk: Uint8Array<ArrayBuffer> | null;
      try {
        chunk = await compressed.next();
      } catch (error) {
        sourceFailure = { error };
        return writer.abort(error);
      }
      if (chunk === null) return writer.close();
      tail.push(chunk);
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        await writer.write(chunk.subarray(at, at + PIECE_BYTES));
      }
    }
  }

  const damaged = (problem: string, cause?: unknown) => {
    const place = `Cannot decompress ${
      JSON.stringify(name)
    } (${compression}) behind decompressed byte ${given}`;
    return new DataLossError(`${place}: ${problem}`, { cause });
  };

  return {
    async next() {
      // What fails in feeding fails the reading side too, which reports it.
      feeding ??= feed().catch(() => {});
      let result: ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;
      try {
        result = await reader.read() as ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;
      } catch (error) {
        if (sourceFailure) throw sourceFailure.error;
        const kinds = compression === "gzip"
          ? "damaged, cut off, or made of several gzip members"
          : "damaged or cut off";
        throw damaged(`the data is ${kinds} (${messageOf(error)})`, error);
      }
      if (!result.done) {
        given += result.value.length;
        if (compression === "zlib") adler = adler32(result.value, adler);
        return result.value;
      }
      // Some platforms take the end of the input for the end of a zlib stream, wherever it was cut off.
      if (compression === "zlib" && tail.uint32 !== adler) {
        throw damaged(`the data is damaged or cut off (checksum is ${tail.uint32}, computed ${adler})`);
      }
      return null;
    },
    async cancel() {
      await reader.cancel().catch(() => {});
      await compressed.cancel();
    },
  };
}
