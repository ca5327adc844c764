/** What the dispatcher tells about itself, as plain JSON. */

import { ShardingPolicy } from "../graph/mod.ts";
import { isRecovering } from "./core/recovery.ts";
import type { Guarantee, StateView } from "./core/state.ts";

/**
 * The state of a dispatcher. A released client and a departed worker leave their lists; finished iterations stay
 * until nobody has read them for `jobGcTimeoutMs`, or a thousand newer ones are idle too; jobs and datasets that nobody
 * reads go as `docs/dispatcher.md` says.
 *
 * @example
 * ```ts
 * import { DispatchServer } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * await using dispatcher = await DispatchServer.start();
 * assertEquals(dispatcher.status().workers, []);
 * ```
 */
export interface DispatcherStatus {
  /** Registered datasets. */
  datasets: { id: string; format: string; bytes: number }[];
  /** Jobs. */
  jobs: {
    id: number;
    /** Missing for the job of one reader. */
    name?: string;
    datasetId: string;
    /** Name of the sharding policy, such as "DYNAMIC". */
    processingMode: string;
    /**
     * What the job promises now. `"exactly-once"`: each source element of an iteration is visited once over all
     * workers (DYNAMIC, and the static policies if every worker of the list is read); without `weakenedBy` a DYNAMIC
     * job stays so when workers are lost. `"at-most-once"`: a worker went with splits in its hands, which are not given
     * out again. `"none"`: sharding is OFF, or HINT without a
     * hinted shard, where each worker visits all elements; a statically sharded job lost a worker; or an unfinished iteration was collected.
     */
    guarantee: Guarantee;
    /** For DYNAMIC: the operator (or option) that keeps the job from being exactly-once through the loss of a worker. */
    weakenedBy?: string;
    /** For coordinated reads: elements at the ends of tasks that did not make a full round, over all iterations. */
    numDropped?: number;
  }[];
  /**
   * Passes over jobs; `finished`: readers took the last element. `numDropped`, for coordinated reads: elements at the
   * ends of its tasks that did not make a full round.
   */
  iterations: {
    id: number;
    jobId: number;
    repetition: number;
    finished: boolean;
    clients: number;
    /** Elements of lost workers are being given out again. */
    recovering?: boolean;
    numDropped?: number;
  }[];
  /** Parts of passes on workers that are there. */
  tasks: { id: number; iterationId: number; workerAddress: string; finished: boolean }[];
  /** Workers; `lost`: silent for longer than `workerTimeoutMs`; `draining`: told to end. */
  workers: {
    address: string;
    uid: string;
    tags: string[];
    lost: boolean;
    draining?: boolean;
    tasks: number;
  }[];
  /** Readers. */
  clients: { id: number; iterationId: number }[];
}

/** The status that belongs to a state. */
export function statusOf(state: StateView): DispatcherStatus {
  return {
    datasets: [...state.datasets.values()].map(({ id, format, graph }) => ({
      id,
      format,
      bytes: graph.length,
    })),
    jobs: [...state.jobs.values()].map((
      { id, name, named, datasetId, policy, guarantee, weakness, numConsumers, numDropped },
    ) => ({
      id,
      ...(named ? { name } : {}),
      datasetId,
      processingMode: ShardingPolicy[policy],
      guarantee,
      ...(weakness && { weakenedBy: weakness.operator }),
      ...(numConsumers !== null && { numDropped }),
    })),
    iterations: [...state.iterations.values()].map((iteration) => {
      const { id, jobId, repetition, finished, clients, rounds } = iteration;
      return {
        id,
        jobId,
        repetition,
        finished,
        clients,
        ...(isRecovering(iteration) && { recovering: true }),
        ...(rounds && { numDropped: rounds.numDropped }),
      };
    }),
    tasks: [...state.tasks.values()].map(({ id, iterationId, address, finished }) => ({
      id,
      iterationId,
      workerAddress: address,
      finished,
    })),
    workers: [...state.workers.values()].map(({ address, uid, tags, lostAt, draining, tasks }) => ({
      address,
      uid,
      tags: [...tags],
      lost: lostAt !== null,
      ...(draining && { draining }),
      tasks: tasks.size,
    })),
    clients: [...state.clients.values()].map(({ id, iterationId }) => ({ id, iterationId })),
  };
}
