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
  /**
   * Where it stands; null: at the beginning.
   *
   * @throws {FailedPreconditionError} if nothing says what was taken
   */
  checkpoint(): ServiceCheckpoint | null;
}

/** Reads datasets through their dispatchers; `resume` is where a reader goes on. */
export type ServiceReaders = (
  node: DataServiceNode,
  options: { readonly signal: AbortSignal; readonly resume?: ServiceCheckpoint | null },
) => ServiceReading;

/**
 * Makes the executor's port to the service. What it has registered, and the job of each node, it remembers as long
 * as the nodes live.
 */
export function createDataServiceReader(environment: ReaderEnvironment): ServiceReaders {
  const jobs = new JobDirectory();
  return (node, { signal, resume = null }) => {
    const options = { node, environment, jobs, signal, resume };
    const { consumerIndex } = node.options;
    return consumerIndex === null
      ? new ServiceReader(options)
      : new CoordinatedReader({ ...options, consumerIndex });
  };
}
