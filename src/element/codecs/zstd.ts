/** Zstandard in plain JavaScript, decompression only. */

import { Decompress } from "fzstd";
import { FailedPreconditionError } from "../../base/mod.ts";
import { concatBytes } from "../byte_writer.ts";
import { type Codec, damaged } from "./codec.ts";
import { checkFrame } from "./zstd_frame.ts";

/** Zstandard for readers in browsers; servers have the platform's. */
export const zstdCodec: Codec = {
  name: "ZSTD",
  canCompress: false,
  compress() {
    throw new FailedPreconditionError("Cannot compress by ZSTD: this runtime can only decompress it");
  },
  decompress(bytes, size) {
    try {
      checkFrame(bytes, size);
      return inflate(bytes, size);
    } catch (cause) {
      throw damaged("ZSTD", cause);
    }
  },
};

function inflate(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const stream = new Decompress((chunk) => {
    length += chunk.length;
    if (length > size) throw new RangeError(`it gives more than ${size} bytes`);
    chunks.push(chunk as Uint8Array<ArrayBuffer>);
  });
  stream.push(bytes, true);
  if (length < size) throw new RangeError(`it gives ${length} of ${size} bytes`);
  return concatBytes(chunks);
}
