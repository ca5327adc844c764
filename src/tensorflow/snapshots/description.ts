/** What a snapshot is of: the files that are written once, before anybody works on it. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { DataLossError, type DurableFiles, InternalError, NotFoundError } from "../../base/mod.ts";
import { type DatasetDef, DatasetDefSchema } from "../../gen/tensorflow/data/common_pb.ts";
import {
  type DistributedSnapshotMetadata,
  DistributedSnapshotMetadataSchema,
} from "../../gen/tensorflow/data/experimental/snapshot_pb.ts";
import { chunksDirectory, definitionFile, metadataFile, specFile, streamsDirectory } from "./layout.ts";
import { readTextProto, writeTextProto } from "./text_proto.ts";

/** What a snapshot is of. */
export interface SnapshotDescription {
  readonly dataset: DatasetDef;
  readonly metadata: DistributedSnapshotMetadata;
}

/** Writes a description into a new directory; durable when it resolves. */
export async function writeDescription(
  files: DurableFiles,
  root: string,
  { dataset, metadata }: SnapshotDescription,
): Promise<void> {
  await files.makeDirectory(chunksDirectory(root));
  await files.makeDirectory(streamsDirectory(root));
  const text = writeTextProto([
    ["element_spec", metadata.elementSpec],
    ["compression", metadata.compression],
  ]);
  await files.write(metadataFile(root), text);
  await files.write(specFile(root), metadata.elementSpec);
  await files.write(definitionFile(root), toBinary(DatasetDefSchema, dataset));
  await files.syncDirectory(root);
}

/** Reads a description back. @throws {InternalError} for a file that is not there @throws {DataLossError} for a damaged one */
export async function readDescription(files: DurableFiles, root: string): Promise<SnapshotDescription> {
  const fields = readTextProto(metadataFile(root), await readFile(files, metadataFile(root)));
  const definition = await readFile(files, definitionFile(root));
  let dataset: DatasetDef;
  try {
    dataset = fromBinary(DatasetDefSchema, definition);
  } catch (error) {
    throw new DataLossError(`Failed to parse ${definitionFile(root)}`, { cause: error });
  }
  const metadata = create(DistributedSnapshotMetadataSchema, {
    elementSpec: fields.get("element_spec")?.slice(),
    compression: new TextDecoder().decode(fields.get("compression")),
  });
  return { dataset, metadata };
}

async function readFile(files: DurableFiles, path: string): Promise<Uint8Array> {
  try {
    return await files.read(path);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new InternalError(`Failed to recover a tf.data snapshot: there is no ${path}`, { cause: error });
  }
}
