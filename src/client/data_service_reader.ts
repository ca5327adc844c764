import type { RangeSet } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import type { ElementIterator } from "../executor/mod.ts";
import type { DataServiceNode } from "../graph/mod.ts";
import { CoordinatedReader } from "./coordinated_reader.ts";
import type { ReaderEnvironment } from "./environment.ts";
import { JobDirectory } from "./job_directory.ts";
import type { ServiceCheckpoint } from "./service_checkpoint.ts";
import { ServiceReader } from "./service_reader.ts";

/** One pass over a dataset through a service. */
export interface ServiceReading extends ElementIterator<Element> {
  /** The number of the next element, counted from the beginning of the pass through all checkpoints; 0 in a coordinated read. */
  readonly position: number;
  /** Whether all of it has come to the program. */
  readonly isSpent: boolean;
  /**
   * Where it stands; null: at the beginning.
   *
   * @throws {FailedPreconditionError} if nothing says what was taken
   */
  checkpoint(): ServiceCheckpoint | null;
}

/** How a dataset is read through its dispatcher. */
export interface ServiceReadingOptions {
  /** Aborted when the program leaves. */
  readonly signal: AbortSignal;
  /** Where the reader goes on. @default null: at the beginning of the next pass */
  readonly resume?: ServiceCheckpoint | null;
  /**
   * The numbers of elements that have come to the program, where something behind the reader may hold others.
   *
   * @default null: it gets each at once
   */
  readonly settled?: (() => RangeSet) | null;
}

/** Reads datasets through their dispatchers. */
export type ServiceReaders = (node: DataServiceNode, options: ServiceReadingOptions) => ServiceReading;

/**
 * Makes the executor's port to the service. What it has registered, and the job of each node, it remembers as long
 * as the nodes live.
 */
export function createDataServiceReader(environment: ReaderEnvironment): ServiceReaders {
  const jobs = new JobDirectory();
  return (node, { signal, resume = null, settled = null }) => {
    const options = { node, environment, jobs, signal, resume, settled };
    const { consumerIndex } = node.options;
    return consumerIndex === null
      ? new ServiceReader(options)
      : new CoordinatedReader({ ...options, consumerIndex });
  };
}
