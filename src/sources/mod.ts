/**
 * Floor 2: where bytes come from, and the record formats that are read out of them.
 *
 * @module
 */
export type { ByteSource, FileSystem } from "./byte_source.ts";
export { checkFormatOptions, type RecordFormat } from "./format_options.ts";
export { expandBraces, hasGlobCharacters, matchGlob, matchGlobPart } from "./glob.ts";
export { httpFileSystem, type HttpFileSystemOptions, portableFileSystem } from "./http.ts";
export { memoryFileSystem } from "./memory.ts";
export { END } from "./record_decoder.ts";
export { readRecords, type RecordReader } from "./records.ts";
export { tfrecordFrame } from "./tfrecord.ts";
export { isUrl } from "./url.ts";
