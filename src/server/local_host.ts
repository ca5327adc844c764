/** The host of tasks in this process, assembled: for a worker without isolation, and for the process of one task. */

import { consoleLog, systemClock, systemRandom } from "../base/mod.ts";
import { createDataServiceReader } from "../client/mod.ts";
import { Dataset } from "../dataset/mod.ts";
import { portableCodecs } from "../element/mod.ts";
import { createModuleBundler, denoFileSystem, nodeCodecs, ownStreams } from "../platform/mod.ts";
import { createTfDataServiceReader } from "../tensorflow/client/mod.ts";
import {
  createInProcessHost,
  createWorkerLanes,
  type InProcessHostOptions,
  type TaskHost,
} from "../worker/mod.ts";

/** What differs between the two. */
export interface LocalHostOptions extends
  Pick<
    InProcessHostOptions,
    "dispatcher" | "dispatcherTimeoutMs" | "crossTrainerCacheSizeBytes" | "dataPlane" | "smallHeap"
  > {
  /** Threads of one task. */
  readonly lanes: number;
  /**
   * Whether a lane is started before a task needs one, when the host is made ready, and kept for the next one. For
   * processes whose tasks are all of one graph. @default false
   */
  readonly spareLane?: boolean;
}

/** The program of a lane. */
export const LANE_MODULE = import.meta.resolve("./lane_main.ts");

/** Makes the host. */
export function createLocalHost({ lanes, spareLane = false, ...options }: LocalHostOptions): TaskHost {
  const ports = { clock: systemClock, random: systemRandom, log: consoleLog };
  const codecs = portableCodecs.with(nodeCodecs);
  const threads = createWorkerLanes(LANE_MODULE, { keepsOne: spareLane });
  const host = createInProcessHost({
    ...ports,
    ...options,
    codecs,
    files: denoFileSystem,
    Dataset,
    dataService: createDataServiceReader({
      ...ports,
      codecs,
      bundle: createModuleBundler(),
      openStream: ownStreams(),
    }),
    tfDataService: createTfDataServiceReader(ports),
    lanes: { count: lanes, factory: threads },
  });
  return {
    ...host,
    prepare: () => {
      if (spareLane && lanes > 1) threads.prepare();
    },
    alive: () => threads.alive(),
    leavesNothing: () => !threads.mayGoOn,
  };
}
