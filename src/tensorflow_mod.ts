/**
 * The client's door, with what reads TensorFlow's tf.data services: for programs in Node and Bun. In Deno the main
 * module has all of it.
 *
 * ```ts
 * import { Dataset } from "@sluice/data/tensorflow";
 * import { assertEquals } from "@std/assert";
 *
 * const images = Dataset.fromTfDataService({
 *   address: "localhost:5000",
 *   datasetId: "images",
 *   processingMode: "parallel_epochs",
 * });
 * assertEquals(images.cardinality, -2); // for await (const image of images) ... reads them.
 * ```
 *
 * @module
 */
import { consoleLog, systemClock, systemRandom } from "./base/mod.ts";
import { installEnvironment } from "./dataset/mod.ts";
import { createTfDataServiceReader } from "./tensorflow/client/mod.ts";

installEnvironment({
  tfDataService: createTfDataServiceReader({ clock: systemClock, random: systemRandom, log: consoleLog }),
});

export * from "./client_mod.ts";
