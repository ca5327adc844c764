/** The compressions by their numbers in the protocol, which the core does not know. */
const NAMES = ["AUTO", "NONE", "SNAPPY", "ZSTD", "GZIP"];

/** "AUTO", or the name of a codec. */
export function compressionName(compression: number): string {
  return NAMES[compression] ?? `${compression}`;
}
