/** Where the files of a snapshot lie: the reference's layout, which its workers and readers go by. */

/** The metadata as text. */
export const metadataFile = (path: string): string => `${path}/snapshot.metadata`;

/** The element spec alone, as the proto of a structure. */
export const specFile = (path: string): string => `${path}/dataset_spec.pb`;

/** The definition of the dataset, from which workers build their pipelines. */
export const definitionFile = (path: string): string => `${path}/dataset_def.proto`;

/** Empty; there once every element is in `chunks`. */
export const doneFile = (path: string): string => `${path}/DONE`;

/** The first error of a worker as text. */
export const errorFile = (path: string): string => `${path}/ERROR`;

/** What readers read; written by workers alone. */
export const chunksDirectory = (path: string): string => `${path}/chunks`;

/** One directory a stream. */
export const streamsDirectory = (path: string): string => `${path}/streams`;

/** Splits that nobody has got yet, written ahead. */
export const prefetchDirectory = (path: string): string => `${path}/prefetched_splits`;

/** Where a snapshot is put together before it gets its name. */
export const asideDirectory = (path: string): string => `${path}.starting`;

/** One worker's part. */
export const streamDirectory = (path: string, stream: number): string =>
  `${streamsDirectory(path)}/stream_${stream}`;

/** The address of the worker that writes a stream. A stream without it was never handed out. */
export const ownerFile = (streamDirectory: string): string => `${streamDirectory}/owner_worker`;

/** Written by the worker when its stream is whole. */
export const streamDoneFile = (streamDirectory: string): string => `${streamDirectory}/DONE`;

/** One directory a source. */
export const splitsDirectory = (streamDirectory: string): string => `${streamDirectory}/splits`;

/** The splits that a stream got of one pass over a source. */
export const repetitionDirectory = (
  streamDirectory: string,
  { source, repetition }: { source: number; repetition: number },
): string => `${splitsDirectory(streamDirectory)}/source_${source}/repetition_${repetition}`;

/** A split by its place among those of its stream and source, and among all of the snapshot. */
export const splitName = (local: number, global: number): string => `split_${local}_${global}`;

/** A file or directory that is being written: nobody reads it. */
export const isTemporary = (name: string): boolean => name.endsWith(".tmp");
