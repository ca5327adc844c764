/** Compressions as users name them, and as the protocol numbers them. */

import type { CodecName } from "../element/mod.ts";
import { Compression } from "../gen/sluice/v1/dataset_pb.ts";
import { codecName, compressionNumber } from "../rpc/mod.ts";

/** A codec, or the worker's choice. */
export type CompressionWish = "AUTO" | CodecName;

/** The number of a wish. */
export function wishNumber(wish: CompressionWish): Compression {
  return wish === "AUTO" ? Compression.AUTO_UNSPECIFIED : compressionNumber(wish);
}

/** The wish of a number; numbers that are not known leave the choice to the worker. */
export function wishOf(compression: Compression): CompressionWish {
  return codecName(compression) ?? "AUTO";
}
