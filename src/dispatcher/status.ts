/** What the dispatcher tells about itself, as plain JSON. */

import { ShardingPolicy } from "../graph/mod.ts";
import { compressionName } from "./core/compression_name.ts";
import type { LivenessView } from "./core/decision.ts";
import type { DeepReadonly } from "./core/deep_readonly.ts";
import { isRecovering } from "./core/recovery.ts";
import type { Guarantee, Job, StateView } from "./core/state.ts";
import { addNotes, type TaskNotes } from "./core/task_notes.ts";

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
    /**
     * How its elements travel. `asked` is what the dataset was registered with, `"AUTO"` or a codec; missing once the
     * dataset is forgotten. `streams` says, by the name of the codec, how many streams from workers to readers were
     * compressed with it, `"NONE"` among them: what AUTO decided, and what readers got that asked for something else or
     * cannot undo it. Running tasks are known as of their worker's last heartbeat.
     */
    compression: { asked?: string; streams: { [codec: string]: number } };
    /**
     * Elements that `ignoreErrors` left out, over all iterations; of running tasks as of their worker's last heartbeat.
     * What a worker counted goes with it when it is lost.
     */
    numSkipped: number;
    /** For coordinated reads: elements at the ends of tasks that did not make a full round, over all iterations. */
    numDropped?: number;
  }[];
  /**
   * Passes over jobs; `finished`: readers took the last element. `numSkipped`: elements that `ignoreErrors` left out,
   * as in jobs. `numDropped`, for coordinated reads: elements at the ends of its tasks that did not make a full round.
   */
  iterations: {
    id: number;
    jobId: number;
    repetition: number;
    finished: boolean;
    clients: number;
    /** Elements of workers that went wait to be given out again. */
    recovering?: boolean;
    numSkipped: number;
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

/** The status that belongs to a state and to what workers noted about running tasks. */
export function statusOf(state: StateView, notes: LivenessView["notes"] = new Map()): DispatcherStatus {
  const running = notesByIteration(state, notes);
  const ofJob = ({ notes, iterations }: DeepReadonly<Job>) =>
    addNotes([notes, ...[...iterations.values()].map((id) => running.get(id))]);
  return {
    datasets: [...state.datasets.values()].map(({ id, format, graph }) => ({
      id,
      format,
      bytes: graph.length,
    })),
    jobs: [...state.jobs.values()].map((job) => {
      const { id, name, named, datasetId, policy, guarantee, weakness, numConsumers, numDropped } = job;
      const { leftOut, streams } = ofJob(job);
      const asked = state.datasets.get(datasetId)?.metadata.compression;
      return {
        id,
        ...(named ? { name } : {}),
        datasetId,
        processingMode: ShardingPolicy[policy],
        guarantee,
        ...(weakness && { weakenedBy: weakness.operator }),
        compression: {
          ...(asked !== undefined && { asked: compressionName(asked) }),
          streams: Object.fromEntries(streams.map(([codec, count]) => [compressionName(codec), count])),
        },
        numSkipped: leftOut,
        ...(numConsumers !== null && { numDropped }),
      };
    }),
    iterations: [...state.iterations.values()].map((iteration) => {
      const { id, jobId, repetition, finished, clients, notes, rounds } = iteration;
      return {
        id,
        jobId,
        repetition,
        finished,
        clients,
        ...(isRecovering(iteration) && { recovering: true }),
        numSkipped: (notes?.leftOut ?? 0) + (running.get(id)?.leftOut ?? 0),
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

/** What workers noted about tasks that run, by iteration. */
function notesByIteration(state: StateView, notes: LivenessView["notes"]): Map<number, TaskNotes> {
  const sums = new Map<number, TaskNotes>();
  for (const [address, ofWorker] of notes) {
    for (const [taskId, noted] of ofWorker) {
      const task = state.tasks.get(taskId);
      // What was noted of a task that has ended is in the state.
      if (!task || task.finished || task.address !== address) continue;
      sums.set(task.iterationId, addNotes([sums.get(task.iterationId), noted]));
    }
  }
  return sums;
}
