/** What the workers do: records to batches of images that a model can learn from. */

import { Dataset, distribute, type Tensor } from "../../mod.ts";

/** How the records of an epoch are divided between workers. */
export type Mode = "parallel_epochs" | "distributed_epoch";

/** A batch of digits. */
export interface Digits {
  /** Grey values from 0 to 1, shape [batch, 784]. */
  images: Tensor<Float32Array>;
  /** The digit that each image shows. */
  labels: Float64Array;
  /** The number of each record. */
  numbers: Float64Array;
  /** The name of the worker that prepared each image. */
  workers: string[];
}

/** Reads the digits of `files` through a service, in batches of 64. */
export function digitsOf(files: string, service: string, processingMode: Mode): Dataset<Digits> {
  return Dataset.tfrecord(files)
    .shuffle(1000)
    .map((record) => {
      // Shifted by up to a pixel each way, so that the model learns shapes and not places.
      const [down, right] = [Math.floor(Math.random() * 3) - 1, Math.floor(Math.random() * 3) - 1];
      const images = new Float32Array(28 * 28);
      for (let y = 1; y < 27; y++) {
        for (let x = 1; x < 27; x++) images[(y + down) * 28 + x + right] = record[5 + y * 28 + x] / 255;
      }
      const numbers = new DataView(record.buffer, record.byteOffset).getUint32(0, true);
      return { images, labels: record[4], numbers, workers: Deno.env.get("DEMO_SERVER") ?? "nobody" };
    })
    .batch(64)
    .apply(distribute({ processingMode, service }));
}
