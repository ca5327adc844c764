/** Numbers with a meaning of their own, as in tf.data. */

/**
 * Cardinality of a dataset that never ends.
 *
 * @example
 * ```ts
 * import { Dataset, INFINITE_CARDINALITY } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(Dataset.range(10).repeat().cardinality, INFINITE_CARDINALITY);
 * ```
 */
export const INFINITE_CARDINALITY: -1 = -1;

/**
 * Cardinality of a dataset whose number of elements shows only when it is run.
 *
 * @example
 * ```ts
 * import { Dataset, UNKNOWN_CARDINALITY } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(Dataset.range(10).filter((x) => x % 2 === 0).cardinality, UNKNOWN_CARDINALITY);
 * ```
 */
export const UNKNOWN_CARDINALITY: -2 = -2;

/**
 * Stands for both numbers of `shard` where the service shall fill them in: see `ShardingPolicy.HINT`.
 *
 * @example
 * ```ts
 * import { Dataset, SHARD_HINT } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const dataset = Dataset.range(10).shard(SHARD_HINT, SHARD_HINT);
 * assertEquals(dataset.cardinality, -2); // not known before the service has filled in the numbers
 * ```
 */
export const SHARD_HINT: -1 = -1;
