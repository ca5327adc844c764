/**
 * How the input of a distributed dataset is divided between workers, with the numbers of tf.data service.
 *
 * | policy | no failure | a worker dies and returns under its address | the dispatcher restarts (fault-tolerant mode) |
 * |---|---|---|---|
 * | OFF | every element once per worker, in any order between workers | that worker's copy starts again: duplicates | none lost, none duplicated |
 * | DYNAMIC | every source element exactly once in each repetition, over all workers | what it held unfinished is given out again | exactly once |
 * | FILE, DATA, FILE_OR_DATA, HINT | exactly once over all shards, if every worker of the list is read | its shard starts again: duplicates | none lost, none duplicated |
 *
 * @example
 * ```ts
 * import { ShardingPolicy } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(ShardingPolicy.DYNAMIC, 1);
 * assertEquals(ShardingPolicy[5], "HINT");
 * ```
 */
export enum ShardingPolicy {
  /** Every worker processes the whole dataset. A reader of W workers sees each element W times. */
  OFF = 0,
  /** The dispatcher leases pieces of the sources to whichever worker asks. */
  DYNAMIC = 1,
  /** Each worker reads every n-th file, by its place in the dispatcher's `workerAddresses`. Refused where there are no files. */
  FILE = 2,
  /** Each worker processes everything and gives every n-th element. */
  DATA = 3,
  /** FILE where the dataset reads files, else DATA. */
  FILE_OR_DATA = 4,
  /** Fills in the numbers of `shard(SHARD_HINT, SHARD_HINT)` in the dataset; without such a shard, nothing is divided. */
  HINT = 5,
}
