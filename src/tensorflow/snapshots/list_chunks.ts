/** What readers of a snapshot read: its chunks, also while they are being written. */

import {
  type DurableFiles,
  errorFromCode,
  InternalError,
  NotFoundError,
  type SluiceErrorCode,
} from "../../base/mod.ts";
import { chunksDirectory, doneFile, errorFile, isTemporary } from "./layout.ts";
import { readTextProto } from "./text_proto.ts";

/** The chunks of a snapshot so far. */
export interface ChunkListing {
  /** The names of their files, in the order of reading: the first of each stream, the second of each, and so on. */
  readonly names: readonly string[];
  /** Whether there will be no more. */
  readonly isFinal: boolean;
}

/**
 * Lists the chunks of a snapshot whose directory is `root`.
 *
 * @throws {NotFoundError} if there is no snapshot
 * @throws the error of the worker that could not write the snapshot
 * @throws {InternalError} for a file of another name in the directory of chunks
 */
export async function listChunks(files: DurableFiles, root: string): Promise<ChunkListing> {
  if (await files.exists(errorFile(root))) throw await readError(files, root);
  // Before the listing: what is written between the two is missed otherwise.
  const isFinal = await files.exists(doneFile(root));
  if (!isFinal && !await files.exists(chunksDirectory(root))) {
    throw new NotFoundError(`Cannot read the snapshot at ${root}: there is none`);
  }
  const names = (await files.list(chunksDirectory(root))).filter((name) => !isTemporary(name));
  const chunks = names.map((name) => ({ name, ...parseChunkName(root, name) }));
  chunks.sort((a, b) => a.index - b.index || a.stream - b.stream);
  return { names: chunks.map(({ name }) => name), isFinal };
}

function parseChunkName(root: string, name: string): { stream: number; index: number } {
  const match = /^chunk_(\d{1,15})_(\d{1,15})_(-?\d{1,15})$/.exec(name);
  if (match) return { stream: Number(match[1]), index: Number(match[2]) };
  throw new InternalError(
    `Invalid chunk file name "${name}" in the snapshot at ${root}. Expected ` +
      "chunk_<stream_index>_<chunk_index>_<num_elements>",
  );
}

async function readError(files: DurableFiles, root: string): Promise<Error> {
  const fields = readTextProto(errorFile(root), await files.read(errorFile(root)));
  const text = (name: string, missing: string) =>
    fields.has(name) ? new TextDecoder().decode(fields.get(name)) : missing;
  const name = text("code", "UNKNOWN");
  const code = name === "CANCELLED" ? "canceled" : name.toLowerCase();
  return errorFromCode(
    code as SluiceErrorCode,
    text("message", `The snapshot at ${root} was given up, as ${errorFile(root)} says`),
  );
}
