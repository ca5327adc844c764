/** Names of a snapshot's directories and files, read back. The words of the errors are the reference's. */

import { InternalError, InvalidArgumentError } from "../../../base/mod.ts";

const NUMBER = /^\d{1,15}$/;

/** The number behind `prefix` in a name such as "stream_3"; null if there is none. */
function numberOf(name: string, prefix: string): number | null {
  const text = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return NUMBER.test(text) ? Number(text) : null;
}

/** @throws {InternalError} unless `name` is that of a stream's directory */
export function parseStreamName(path: string, name: string): number {
  const stream = numberOf(name, "stream_");
  if (stream !== null) return stream;
  throw new InternalError(
    `Can't parse the stream directory "${name}" of the tf.data snapshot at ${path}: its name must have the format ` +
      "stream_<stream_index>",
  );
}

/** @throws {InternalError} unless `name` is that of a source's directory */
export function parseSourceName(path: string, name: string): number {
  const source = numberOf(name, "source_");
  if (source !== null) return source;
  throw new InternalError(
    `Can't parse the source directory "${name}" of the tf.data snapshot at ${path}: its name must have the format ` +
      "source_<source_index>",
  );
}

/** @throws {InvalidArgumentError} unless `name` is that of a repetition's directory */
export function parseRepetitionName(path: string, name: string): number {
  const repetition = numberOf(name, "repetition_");
  if (repetition !== null) return repetition;
  throw new InvalidArgumentError(
    `Invalid repetition directory name "${name}" in the tf.data snapshot at ${path}. Expected ` +
      "repetition_<repetition_index>",
  );
}

/** A split's place among those of its stream and source, and among all of the snapshot. */
export interface SplitPlace {
  readonly local: number;
  readonly global: number;
}

/** @throws {InvalidArgumentError} unless `name` is that of a split's file */
export function parseSplitName(path: string, name: string): SplitPlace {
  const match = /^split_(\d{1,15})_(\d{1,15})$/.exec(name);
  if (!match) {
    throw new InvalidArgumentError(
      `Invalid split file name "${name}" in the tf.data snapshot at ${path}. Expected ` +
        "split_<local_split_index>_<global_split_index>",
    );
  }
  const [local, global] = [Number(match[1]), Number(match[2])];
  if (local > global) {
    throw new InvalidArgumentError(
      `Invalid split file name "${name}" in the tf.data snapshot at ${path}: The local split index ${local} exceeds ` +
        `the global split index ${global}`,
    );
  }
  return { local, global };
}
