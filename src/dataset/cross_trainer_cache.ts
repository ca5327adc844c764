import { InvalidArgumentError, show } from "../base/mod.ts";

/**
 * Lets several trainers read the same elements while each worker makes them only once: the worker keeps a sliding
 * window of the latest elements, bounded by `crossTrainerCacheSizeBytes`, and every trainer goes through it at its own
 * speed. The fastest one leads; one that is too slow misses elements. Each trainer sees each element that a worker
 * makes at most once. Given to {@linkcode distribute} with a `jobName` that the trainers share.
 *
 * Meant for infinite datasets. A finite one has one pass, which ends for each trainer when it has seen the last
 * element; a trainer that comes later finds what the window still holds. The third and later passes over one dataset
 * object are refused with an `InvalidArgumentError`: each would have the workers begin anew.
 *
 * @example
 * ```ts
 * import { CrossTrainerCache, Dataset, distribute, ShardingPolicy } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const shared = Dataset.range(1_000).repeat().apply(distribute({
 *   processingMode: ShardingPolicy.OFF,
 *   service: "localhost:5050",
 *   jobName: "hyperparameters",
 *   crossTrainerCache: new CrossTrainerCache("trainer 7"),
 * }));
 * assertEquals(shared.cardinality, -1);
 * ```
 */
export class CrossTrainerCache {
  /** Tells the trainers apart; readers of one trainer share one position in the window. */
  readonly trainerId: string;

  /**
   * Names the trainer that reads.
   *
   * @param trainerId a non-empty string, another one for each trainer
   * @throws {InvalidArgumentError} if `trainerId` is empty or no string
   */
  constructor(trainerId: string) {
    if (typeof trainerId !== "string" || trainerId === "") {
      throw new InvalidArgumentError(
        `A cross-trainer cache requires a non-empty trainer ID, got ${show(trainerId)}`,
      );
    }
    this.trainerId = trainerId;
  }
}
