/** The codecs that every runtime has. */

import { CodecSet } from "./codec_set.ts";
import { gzipCodec } from "./gzip.ts";
import { snappyCodec } from "./snappy.ts";
import { zstdCodec } from "./zstd.ts";

/** Snappy, Zstandard (decompression only) and gzip without anything of a platform's own; `platform/` has faster ones. */
export const portableCodecs: CodecSet = new CodecSet([snappyCodec, zstdCodec, gzipCodec]);
