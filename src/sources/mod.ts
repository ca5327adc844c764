/**
 * Floor 2: where bytes come from, and the record formats that are read out of them.
 *
 * @module
 */
export type { ByteSource, FileSystem } from "./byte_source.ts";
