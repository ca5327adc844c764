import { Buffer } from "node:buffer";
import { promisify } from "node:util";
import {
  constants,
  gunzip,
  gunzipSync,
  gzip,
  gzipSync,
  zstdCompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from "node:zlib";
import { DataLossError, type MaybePromise, messageOf, then } from "../base/mod.ts";
import type { Codec, CodecName } from "../element/mod.ts";

// Handing work to another thread costs as much as compressing some hundred KiB; above this the event loop
// would stall.
const ASYNC_BYTES = 1_048_576;

/** One codec of `node:zlib`: work that is done at once, and work that is done on another thread. */
interface Zlib {
  readonly name: CodecName;
  compress(bytes: Uint8Array): Uint8Array;
  compressAsync(bytes: Uint8Array): Promise<Uint8Array>;
  decompress(bytes: Uint8Array, maxOutputLength: number): Uint8Array;
  decompressAsync(bytes: Uint8Array, maxOutputLength: number): Promise<Uint8Array>;
}

// The lowest levels: what is sent must be compressed faster than it could be sent. Without the checksum a
// flipped bit in zstd's literals would go unnoticed; gzip always has one.
const ZSTD_PARAMS = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };

/**
 * Options for input of `length` bytes. The output gets room in one piece: where it does not fit, Deno 2.9
 * puts an empty second frame behind the first, which careful decoders refuse.
 */
function zstdOptions({ length }: Uint8Array) {
  return { params: ZSTD_PARAMS, pledgedSrcSize: length, chunkSize: length + (length >>> 7) + 1_024 };
}

const GZIP = { level: 1 };

const compressZstd = promisify(zstdCompress);
const decompressZstd = promisify(zstdDecompress);
const compressGzip = promisify(gzip);
const decompressGzip = promisify(gunzip);

const zstdLibrary: Zlib = {
  name: "ZSTD",
  compress: (bytes) => zstdCompressSync(bytes, zstdOptions(bytes)),
  compressAsync: (bytes) => compressZstd(bytes, zstdOptions(bytes)),
  decompress: (bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength }),
  decompressAsync: (bytes, maxOutputLength) => decompressZstd(bytes, { maxOutputLength }),
};

const gzipLibrary: Zlib = {
  name: "GZIP",
  compress: (bytes) => gzipSync(bytes, GZIP),
  compressAsync: (bytes) => compressGzip(bytes, GZIP),
  decompress: (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength }),
  decompressAsync: (bytes, maxOutputLength) => decompressGzip(bytes, { maxOutputLength }),
};

/**
 * The plain array behind a `Buffer`, whose methods differ in ways that surprise; without room that it does
 * not use.
 */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.buffer.byteLength > 2 * bytes.length) return new Uint8Array(bytes);
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks as Uint8Array[]);
}

function codecOf(library: Zlib): Codec {
  const { name } = library;
  const damaged = (problem: string, cause?: unknown) =>
    new DataLossError(`Cannot decompress ${name} data: ${problem}`, { cause });
  const checked = (bytes: Uint8Array, size: number) => {
    if (bytes.length !== size) throw damaged(`it gives ${bytes.length} of ${size} bytes`);
    return plain(bytes);
  };
  const failed = (error: unknown, size: number) =>
    (error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE"
      ? damaged(`it gives more than ${size} bytes`, error)
      : damaged(messageOf(error), error);
  return {
    name,
    canCompress: true,
    compress(chunks): MaybePromise<Uint8Array<ArrayBuffer>> {
      const bytes = joined(chunks);
      const isLarge = bytes.length >= ASYNC_BYTES;
      return then(isLarge ? library.compressAsync(bytes) : library.compress(bytes), plain);
    },
    decompress(bytes, size): MaybePromise<Uint8Array<ArrayBuffer>> {
      // The library takes no data at all for data of no length; no codec compresses anything to nothing.
      if (bytes.length === 0) throw damaged("it is empty");
      // The library wants room for a byte even where none comes out.
      const most = Math.max(size, 1);
      if (size >= ASYNC_BYTES) {
        return library.decompressAsync(bytes, most).then(
          (output) => checked(output, size),
          (error) => Promise.reject(failed(error, size)),
        );
      }
      let output: Uint8Array;
      try {
        output = library.decompress(bytes, most);
      } catch (error) {
        throw failed(error, size);
      }
      return checked(output, size);
    },
  };
}

/**
 * The codecs of `node:zlib`, several times as fast as the portable ones: zstd and gzip, both at level 1.
 * Payloads of 1 MiB and more are worked on by another thread.
 */
export const nodeCodecs: Codec[] = [codecOf(zstdLibrary), codecOf(gzipLibrary)];
