/** Which dataset nodes are registered, and which jobs read them. */

import { InvalidArgumentError, NotFoundError } from "../base/mod.ts";
import {
  type DataServiceNode,
  type DataServiceOptions,
  type GraphNode,
  ShardingPolicy,
} from "../graph/mod.ts";
import { TargetWorkers } from "../gen/sluice/v1/dispatcher_pb.ts";
import type { CompressionWish } from "./compression_wish.ts";
import type { DispatcherLink } from "./dispatcher_link.ts";
import { fetchMetadataWith } from "./fetch_metadata.ts";
import { type JoinedIteration, joinIteration } from "./join_iteration.ts";
import { registerWith } from "./register_dataset.ts";
import { Remembered } from "./remembered.ts";
import { requestId } from "./request_id.ts";
import type { ServiceCheckpoint } from "./service_checkpoint.ts";

interface Job {
  readonly id: bigint;
  /** The compression that its readers ask for. */
  readonly compression: CompressionWish;
}

interface KnownNode {
  readonly job: Remembered<Job>;
  /** How many passes were begun, of whichever job: the number of the next one. */
  passes: number;
}

/** One reader's place in a pass over a job. */
export interface Pass extends JoinedIteration {
  /** Which pass over the job it is, from 0. */
  readonly repetition: number;
  /** The compression that the reader asks for. */
  readonly compression: CompressionWish;
}

const TARGET_WORKERS: Record<DataServiceOptions["targetWorkers"], TargetWorkers> = {
  AUTO: TargetWorkers.AUTO_UNSPECIFIED,
  ANY: TargetWorkers.ANY,
  LOCAL: TargetWorkers.LOCAL,
};

/**
 * Remembers, as long as the nodes live, under which id an input was registered with which service, and the job of
 * each `dataService` node with the number of passes over it. What failed is not remembered.
 */
export class JobDirectory {
  readonly #datasets = new WeakMap<GraphNode, Map<string, Remembered<string>>>();
  readonly #nodes = new WeakMap<DataServiceNode, KnownNode>();

  /**
   * Begins the next pass over a node: registers its input and makes its job, unless that is done already, and joins
   * the iteration as a new client.
   *
   * With `resume` it joins the pass of that checkpoint instead.
   *
   * @throws {NotFoundError} if the node names a dataset that is not registered
   * @throws {FailedPreconditionError} if the job cannot go on from the checkpoint
   * @throws {InvalidArgumentError} if it asks for another compression than the registered one, or its job's name
   * belongs to a job with other parameters
   * @throws {UnavailableError} if the dispatcher could not be reached in time
   */
  async begin(
    node: DataServiceNode,
    link: DispatcherLink,
    signal: AbortSignal,
    resume: ServiceCheckpoint | null = null,
  ): Promise<Pass> {
    if (resume) return await this.#goOn(node, link, signal, resume);
    let known = this.#nodes.get(node);
    if (!known) this.#nodes.set(node, known = { job: new Remembered(), passes: 0 });
    checkRepetition(node.options, known.passes);
    let made = false;
    const make = () => {
      made = true;
      return this.#makeJob(node, link, signal);
    };
    const job = await known.job.get(make, signal);
    try {
      return await joinNext(known, job, link, signal);
    } catch (error) {
      // A job of an earlier pass is gone if the dispatcher has forgotten it or lost its state since; one just made
      // is not.
      if (made || !(error instanceof NotFoundError)) throw error;
      known.job.forget(job);
      if (node.inputs.length === 1) this.#datasets.delete(node.inputs[0]);
      const again = await known.job.get(make, signal);
      return await joinNext(known, again, link, signal);
    }
  }

  /**
   * Joins the pass of a checkpoint: that of the named job, which others may be reading, or a job of the reader's own.
   * The next pass over the node is the one after it.
   */
  async #goOn(
    node: DataServiceNode,
    link: DispatcherLink,
    signal: AbortSignal,
    resume: ServiceCheckpoint,
  ): Promise<Pass> {
    const { repetition, policy } = resume;
    const { shardingPolicy } = node.options;
    if (policy !== shardingPolicy) {
      throw new InvalidArgumentError(
        `Cannot go on from the checkpoint: it was made with sharding policy ${
          ShardingPolicy[policy] ?? policy
        }, ` +
          `and this is ${ShardingPolicy[shardingPolicy]}`,
      );
    }
    const job = await this.#makeJob(node, link, signal);
    this.passOver(node, repetition);
    const joined = await joinIteration(link, { jobId: job.id, repetition, resume }, signal);
    return { ...joined, repetition, compression: job.compression };
  }

  /** The next pass over a node comes after that one. */
  passOver(node: DataServiceNode, repetition: number): void {
    const known = this.#nodes.get(node) ?? { job: new Remembered<Job>(), passes: 0 };
    this.#nodes.set(node, known);
    known.passes = Math.max(known.passes, repetition + 1);
  }

  async #makeJob(node: DataServiceNode, link: DispatcherLink, signal: AbortSignal): Promise<Job> {
    const { options } = node;
    if (node.inputs.length !== 1) {
      const { datasetId, compression } = await lookUp(options, link, signal);
      return { id: await createJob(datasetId, options, link, signal), compression };
    }
    const { compression } = options;
    const [input] = node.inputs;
    const dataset = this.#datasetOf(input, `${compression} ${link.service}`);
    const register = () => registerWith(link, input, { compression, renewable: true, signal });
    const datasetId = await dataset.get(register, signal);
    try {
      return { id: await createJob(datasetId, options, link, signal), compression };
    } catch (error) {
      // The dispatcher forgets datasets that nobody has read for a while.
      if (!(error instanceof NotFoundError)) throw error;
      dataset.forget(datasetId);
      const again = await dataset.get(register, signal);
      return { id: await createJob(again, options, link, signal), compression };
    }
  }

  /** The compression is part of what is registered, and so of `key`. */
  #datasetOf(input: GraphNode, key: string): Remembered<string> {
    let ids = this.#datasets.get(input);
    if (!ids) this.#datasets.set(input, ids = new Map());
    let remembered = ids.get(key);
    if (!remembered) ids.set(key, remembered = new Remembered());
    return remembered;
  }
}

async function createJob(
  datasetId: string,
  options: DataServiceOptions,
  link: DispatcherLink,
  signal: AbortSignal,
): Promise<bigint> {
  const request = {
    datasetId,
    shardingPolicy: options.shardingPolicy,
    jobName: options.jobName ?? undefined,
    numConsumers: options.numConsumers ?? undefined,
    useCrossTrainerCache: options.trainerId !== null,
    targetWorkers: TARGET_WORKERS[options.targetWorkers],
    requestId: requestId(link.environment.random),
    requireExactlyOnce: options.exactlyOnce,
  };
  const { jobId } = await link.call(
    "create the job",
    (client, call) => client.getOrCreateJob(request, call),
    signal,
  );
  return jobId;
}

function checkRepetition({ trainerId }: DataServiceOptions, repetition: number): void {
  if (trainerId === null || repetition <= 1) return;
  throw new InvalidArgumentError(
    "Cross-trainer caching requires infinite datasets and disallows multiple repetitions of the same dataset: got " +
      `repetition ${repetition}`,
  );
}

async function joinNext(
  known: KnownNode,
  job: Job,
  link: DispatcherLink,
  signal: AbortSignal,
): Promise<Pass> {
  const repetition = known.passes++;
  try {
    const joined = await joinIteration(link, { jobId: job.id, repetition, resume: null }, signal);
    return { ...joined, repetition, compression: job.compression };
  } catch (error) {
    // A pass that was never begun does not count, unless another one began meanwhile.
    if (known.passes === repetition + 1) known.passes = repetition;
    throw error;
  }
}

async function lookUp(
  options: DataServiceOptions,
  link: DispatcherLink,
  signal: AbortSignal,
): Promise<{ datasetId: string; compression: CompressionWish }> {
  const { datasetId, compression } = options;
  if (datasetId === null) {
    throw new InvalidArgumentError(
      "Cannot read through a service: neither a dataset nor a dataset id is given",
    );
  }
  const registered = await fetchMetadataWith(link, datasetId, signal);
  if (registered.compression === "AUTO") return { datasetId, compression };
  if (compression !== "AUTO" && compression !== registered.compression) {
    throw new InvalidArgumentError(
      `\`compression\` contradicts dataset id ${datasetId}: it was registered with ` +
        `${registered.compression}, got ${compression}`,
    );
  }
  return { datasetId, compression: registered.compression };
}
