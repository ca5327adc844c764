import type { DataServiceReader } from "../executor/mod.ts";
import { CoordinatedReader } from "./coordinated_reader.ts";
import type { ReaderEnvironment } from "./environment.ts";
import { JobDirectory } from "./job_directory.ts";
import { ServiceReader } from "./service_reader.ts";

/**
 * Makes the executor's port to the service. What it has registered, and the job of each node, it remembers as long
 * as the nodes live.
 */
export function createDataServiceReader(environment: ReaderEnvironment): DataServiceReader {
  const jobs = new JobDirectory();
  return (node, { signal }) => {
    const options = { node, environment, jobs, signal };
    const { consumerIndex } = node.options;
    return consumerIndex === null
      ? new ServiceReader(options)
      : new CoordinatedReader({ ...options, consumerIndex });
  };
}
