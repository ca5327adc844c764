/**
 * How the input of a distributed dataset is divided between workers, with the numbers of tf.data service.
 *
 * | policy | no failure | a worker dies and returns under its address | the dispatcher restarts (fault-tolerant mode) |
 * |---|---|---|---|
 * | OFF | every element once per worker, in any order between workers | that worker's copy starts again: duplicates | none lost, none duplicated |
 * | DYNAMIC | every source element exactly once in each repetition, over all workers | exactly once: what no reader has of it is given out again; at most once where an operator weakens it (`status().jobs[].weakenedBy`) | exactly once |
 * | FILE, DATA, FILE_OR_DATA, HINT | exactly once over all shards, if every worker of the list is read | its shard starts again: duplicates | none lost, none duplicated |
 * | HINT without such a shard | every element once per worker, as with OFF | as with OFF | none lost, none duplicated |
 * | any, with a cross-trainer cache | each trainer sees the elements of a worker in order and at most once, and may skip some | the window is lost and the worker starts again | windows go on |
 * | any, in coordinated reads | each round of a task is a run of consecutive elements, one for each consumer | consumers stay in step; elements may be lost or come again | consumers stay in step |
 *
 * What a job promises at the moment, its `guarantee`, stands in the dispatcher's status.
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
