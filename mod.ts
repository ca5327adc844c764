/**
 * Sluice: a data service for ML input pipelines.
 *
 * A {@linkcode Dataset} says how elements come about. It runs in this process, or, after {@linkcode distribute}, on
 * the workers of a service.
 *
 * ```ts
 * import { Dataset } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const batches = Dataset.range(4).map((x) => x * x).batch(2);
 * assertEquals(await batches.toArray(), [new Float64Array([0, 1]), new Float64Array([4, 9])]);
 * ```
 *
 * @module
 */
import { installEnvironment } from "./src/dataset/mod.ts";
import { portableCodecs } from "./src/element/mod.ts";
import { consoleLog, systemClock, systemRandom } from "./src/base/mod.ts";
import { createModuleBundler, denoFileSystem, nodeCodecs, ownStreams } from "./src/platform/mod.ts";
import { createTfDataServiceReader } from "./src/tensorflow/client/mod.ts";

installEnvironment({
  files: denoFileSystem,
  codecs: portableCodecs.with(nodeCodecs),
  bundle: createModuleBundler(),
  openStream: ownStreams(),
  tfDataService: createTfDataServiceReader({ clock: systemClock, random: systemRandom, log: consoleLog }),
});

export * from "./src/client_mod.ts";
export {
  type DispatcherConfig,
  type DispatcherStatus,
  DispatchServer,
  type Guarantee,
  type TaskPermissions,
  type WorkerConfig,
  WorkerServer,
} from "./src/server/mod.ts";
