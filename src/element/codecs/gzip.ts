/** gzip by the platform's streams. */

import { concatBytes } from "../byte_writer.ts";
import { type Codec, damaged } from "./codec.ts";

/** gzip, portable and slow: about 20 MB/s. */
export const gzipCodec: Codec = {
  name: "GZIP",
  canCompress: true,
  async compress(chunks) {
    const stream = new Blob([...chunks]).stream().pipeThrough(new CompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  },
  async decompress(bytes, size) {
    const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream("gzip"));
    const reader = stream.getReader();
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    try {
      for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
        chunks.push(value!);
        length += value!.length;
        if (length > size) throw new RangeError(`it gives more than ${size} bytes`);
      }
      if (length < size) throw new RangeError(`it gives ${length} of ${size} bytes`);
    } catch (cause) {
      await reader.cancel().catch(() => {});
      throw damaged("GZIP", cause);
    }
    return concatBytes(chunks);
  },
};
