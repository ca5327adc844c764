/** The codec port: how payloads are compressed. A property of each block, agreed for each stream. */

import { DataLossError, type MaybePromise, messageOf } from "../../base/mod.ts";

/** Names of codecs; `NONE` leaves bytes as they are and is no codec. */
export type CodecName = "NONE" | "SNAPPY" | "ZSTD" | "GZIP";

/** Compresses and decompresses. */
export interface Codec {
  /** What blocks say they were compressed by. */
  readonly name: CodecName;
  /** Whether {@linkcode Codec.compress} works here; some runtimes can only decompress. */
  readonly canCompress: boolean;
  /**
   * The compressed form of the chunks, one after the other.
   *
   * @throws {FailedPreconditionError} if `canCompress` is false
   */
  compress(chunks: readonly Uint8Array<ArrayBuffer>[]): MaybePromise<Uint8Array<ArrayBuffer>>;
  /**
   * What was compressed. No more than `size` bytes and a small multiple of the input are allocated.
   *
   * @param size how many bytes it must be; the caller has compared it with its limit
   * @throws {DataLossError} if the bytes are damaged, or give more or less than `size` bytes
   */
  decompress(bytes: Uint8Array, size: number): MaybePromise<Uint8Array<ArrayBuffer>>;
}

/** The error of compressed bytes that are damaged. */
export function damaged(name: CodecName, why: unknown): DataLossError {
  return new DataLossError(`Cannot decompress ${name} data: ${messageOf(why)}`, { cause: why });
}
