import { DataLossError, type DurableFiles } from "../../base/mod.ts";
import { tfrecordFrame } from "../../sources/mod.ts";

// A TFRecord file of one record: length and its checksum before, checksum of the data behind.
const HEADER_BYTES = 12;
const FOOTER_BYTES = 4;

/** The encoded tensor in the file of a split. @throws {DataLossError} for a damaged file */
export async function readSplitFile(files: DurableFiles, path: string): Promise<Uint8Array> {
  const bytes = await files.read(path);
  const split = bytes.slice(HEADER_BYTES, Math.max(HEADER_BYTES, bytes.length - FOOTER_BYTES));
  const intact = tfrecordFrame(split);
  if (intact.length === bytes.length && intact.every((byte, at) => byte === bytes[at])) return split;
  throw new DataLossError(`Cannot read the split in ${path}: the file is damaged`);
}
