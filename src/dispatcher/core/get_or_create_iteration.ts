/** GetOrCreateIteration. */

import { InternalError, NotFoundError } from "../../base/mod.ts";
import { type Checkpoint, type Entry, entryOf, newJobFor, type OrderView } from "./resume.ts";
import { ShardingPolicy } from "../../graph/mod.ts";
import { type ClientView, clientView } from "./client_view.ts";
import { answer, type Context, type Decision } from "./decision.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { datasetOf, jobOf } from "./lookup.ts";
import { canRun, isStatic, makeTask } from "./make_task.ts";
import { recall } from "./recent.ts";
import { hasRepetition } from "./repetitions.ts";
import { iterationsCrowdedOut } from "./retention.ts";
import type { Dataset, Job, StateView } from "./state.ts";
import type { CreateIteration, CreateTask, SourceDescription, Update } from "./updates.ts";

/** A pass to be joined. */
export interface GetOrCreateIterationRequest {
  readonly jobId: number;
  readonly repetition: number;
  readonly requestId: string | null;
  /** Whether the reader begins with the answer, so that its silence counts from now. @default from its first heartbeat */
  readonly begins?: boolean;
  /** What {@linkcode neededSources} asked for; not used where it asked for nothing. */
  readonly sources: readonly SourceDescription[] | null;
  /**
   * Names the iteration if it is made, and says how its sources are ordered; see `iteration_key.ts`.
   *
   * @default none: it has no checkpoints
   */
  readonly key?: string;
  /** Where the reader goes on from. @default it begins */
  readonly checkpoint?: Checkpoint | null;
  /** Whether the pipeline gives the same order each time; needed only to go on from a position. @default nobody has looked */
  readonly order?: OrderView;
  /** Random letters and digits, for the name of a job that is made for a reader with a checkpoint. */
  readonly randomName?: string;
}

/** A reader of an iteration, and what it should read. */
export interface GetOrCreateIterationReply {
  readonly clientId: number;
  readonly key: string;
  readonly view: ClientView;
}

/** A reader that begins has so long to open its streams, however short the timeout between heartbeats is. */
const FIRST_HEARTBEAT_MS = 5_000;

/**
 * The dataset whose sources have to be described before the request can be decided on, or null. Describing them
 * means looking into the dataset and listing files, which the core does not.
 *
 * @throws {NotFoundError} if there is no such job
 */
export function neededSources(
  state: StateView,
  { jobId, repetition, checkpoint = null }: Pick<
    GetOrCreateIterationRequest,
    "jobId" | "repetition" | "checkpoint"
  >,
): DeepReadonly<Dataset> | null {
  const job = jobOf(state, jobId);
  if (job.policy !== ShardingPolicy.DYNAMIC) return null;
  if (checkpoint === null && hasBegun(job, repetition)) return null;
  return datasetOf(state, job.datasetId);
}

function hasBegun(job: DeepReadonly<Job>, repetition: number): boolean {
  return job.iterations.has(repetition) || hasRepetition(job.finished, repetition);
}

/** Joins a pass over a job as a new client, and begins the pass on all workers if nobody has. */
export function getOrCreateIteration(
  context: Context,
  request: GetOrCreateIterationRequest,
): Decision<GetOrCreateIterationReply> {
  const { state, settings, now } = context;
  const job = jobOf(state, request.jobId);
  const { repetition, requestId, checkpoint = null } = request;
  const former = recall(state.requests.clients, requestId);
  if (former !== undefined && state.clients.has(former)) return answer(replyFor(state, former));
  const clientId = state.next.client;
  const existing = job.iterations.get(repetition);
  const entry: Entry = checkpoint === null
    ? existing === undefined
      ? { kind: "begin", resumption: null }
      : { kind: "join", iterationId: existing, updates: [] }
    : entryOf(context, job, { ...request, checkpoint, clientId });
  const creation = entry.kind === "join" ? [] : beginIteration(context, job, request, entry);
  const iterationId = entry.kind === "join" ? entry.iterationId : state.next.iteration;
  const tasks = entry.kind === "join" && entry.restarts ? firstTasks(context, job, iterationId) : [];
  const updates: Update[] = [...creation, ...(entry.kind === "join" ? entry.updates : []), ...tasks, {
    type: "acquireClient",
    clientId,
    iterationId,
    requestId,
    ...(checkpoint !== null && { gathers: true }),
    at: now,
  }];
  return {
    updates,
    reply: (after) => replyFor(after, clientId),
    ...(request.begins && {
      heard: { client: clientId, graceMs: Math.max(0, FIRST_HEARTBEAT_MS - settings.clientTimeoutMs) },
    }),
    commands: updates.filter((update) => update.type === "createTask")
      .map(({ taskId }) => ({ kind: "pushTask", taskId })),
  };
}

function replyFor(state: StateView, clientId: number): GetOrCreateIterationReply {
  const { iterationId } = state.clients.get(clientId)!;
  return { clientId, key: state.iterations.get(iterationId)!.key, view: clientView(state, clientId) };
}

function beginIteration(
  context: Context,
  job: DeepReadonly<Job>,
  { repetition, sources, key = "", randomName = "" }: GetOrCreateIterationRequest,
  { resumption, isPrivate = false }: Entry & { kind: "begin" },
): Update[] {
  const { state, now } = context;
  const iterationId = state.next.iteration;
  // What is over stays over, but for a reader that shows what it has.
  const finished = resumption === null && hasRepetition(job.finished, repetition);
  const splits = job.policy === ShardingPolicy.DYNAMIC && !finished;
  if (splits && sources === null) {
    throw new InternalError(
      `Cannot begin repetition ${repetition} of job ${job.id}: its sources are not described`,
    );
  }
  const ownJob = isPrivate ? newJobFor(context, job, randomName) : null;
  const iteration: CreateIteration = {
    type: "createIteration",
    iterationId,
    key,
    jobId: ownJob?.jobId ?? job.id,
    repetition,
    sources: splits ? [...sources!] : [],
    finished,
    resumption,
    at: now,
  };
  const tasks = finished ? [] : firstTasks(context, job, iterationId);
  return [...iterationsCrowdedOut(context), ...(ownJob ? [ownJob] : []), iteration, ...tasks];
}

/** A task on each worker that is there. */
function firstTasks({ state, settings }: Context, job: DeepReadonly<Job>, iterationId: number): CreateTask[] {
  const workers = [...state.workers.values()].filter((worker) => worker.lostAt === null);
  if (isStatic(job.policy) && settings.workerAddresses.length === 0) {
    throw new NotFoundError(
      `Failed to shard dataset in tf.data service: Worker ${
        workers[0]?.address ?? "of any address"
      } is not in the ` +
        "workers list. Static sharding needs `workerAddresses` in the dispatcher's configuration",
    );
  }
  const { format } = datasetOf(state, job.datasetId);
  return workers.filter((worker) => canRun(settings, job, worker, format))
    .map((worker, i) => makeTask(settings, job, { iterationId, taskId: state.next.task + i }, worker));
}
