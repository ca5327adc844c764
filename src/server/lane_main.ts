/**
 * What runs in a lane, a thread beside that of a task: the entry module of the Web Workers that a worker starts.
 *
 * @module
 */

import { consoleLog, systemClock, systemRandom } from "../base/mod.ts";
import { createDataServiceReader } from "../client/mod.ts";
import { Dataset } from "../dataset/mod.ts";
import { portableCodecs } from "../element/mod.ts";
import { createModuleBundler, denoFileSystem, nodeCodecs } from "../platform/mod.ts";
import { createTfDataServiceReader } from "../tensorflow/client/mod.ts";
import { serveWorkerLane } from "../worker/mod.ts";

const ports = { clock: systemClock, random: systemRandom, log: consoleLog };
const codecs = portableCodecs.with(nodeCodecs);

serveWorkerLane(self, {
  ...ports,
  files: denoFileSystem,
  Dataset,
  dataService: createDataServiceReader({ ...ports, codecs, bundle: createModuleBundler() }),
  tfDataService: createTfDataServiceReader(ports),
});
