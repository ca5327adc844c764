/** GetOrCreateIteration. */

import { InternalError, NotFoundError } from "../../base/mod.ts";
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
import type {
  CollectIteration,
  CreateIteration,
  CreateTask,
  FreeIteration,
  SourceDescription,
  Update,
} from "./updates.ts";

/** A pass to be joined. */
export interface GetOrCreateIterationRequest {
  readonly jobId: number;
  readonly repetition: number;
  readonly requestId: string | null;
  /** What {@linkcode neededSources} asked for; not used where it asked for nothing. */
  readonly sources: readonly SourceDescription[] | null;
}

/** A reader of an iteration, and what it should read. */
export interface GetOrCreateIterationReply {
  readonly clientId: number;
  readonly view: ClientView;
}

/**
 * The dataset whose sources have to be described before the request can be decided on, or null. Describing them
 * means looking into the dataset and listing files, which the core does not.
 *
 * @throws {NotFoundError} if there is no such job
 */
export function neededSources(
  state: StateView,
  { jobId, repetition }: Pick<GetOrCreateIterationRequest, "jobId" | "repetition">,
): DeepReadonly<Dataset> | null {
  const job = jobOf(state, jobId);
  if (job.policy !== ShardingPolicy.DYNAMIC) return null;
  if (job.iterations.has(repetition) || hasRepetition(job.finished, repetition)) return null;
  return datasetOf(state, job.datasetId);
}

/** Joins a pass over a job as a new client, and begins the pass on all workers if nobody has. */
export function getOrCreateIteration(
  context: Context,
  request: GetOrCreateIterationRequest,
): Decision<GetOrCreateIterationReply> {
  const { state } = context;
  const job = jobOf(state, request.jobId);
  const { repetition, requestId } = request;
  const former = recall(state.requests.clients, requestId);
  if (former !== undefined && state.clients.has(former)) {
    return answer({ clientId: former, view: clientView(state, former) });
  }
  const clientId = state.next.client;
  const existing = job.iterations.get(repetition);
  const creation = existing === undefined ? beginIteration(context, job, request) : [];
  const iterationId = existing ?? state.next.iteration;
  const updates: Update[] = [...creation, {
    type: "acquireClient",
    clientId,
    iterationId,
    requestId,
    at: context.now,
  }];
  return {
    updates,
    reply: (after) => ({ clientId, view: clientView(after, clientId) }),
    commands: creation.filter((update) => update.type === "createTask")
      .map(({ taskId }) => ({ kind: "pushTask", taskId })),
  };
}

function beginIteration(
  context: Context,
  job: DeepReadonly<Job>,
  { repetition, sources }: GetOrCreateIterationRequest,
): (CreateIteration | CreateTask | FreeIteration | CollectIteration)[] {
  const { state, now } = context;
  const iterationId = state.next.iteration;
  const finished = hasRepetition(job.finished, repetition);
  const splits = job.policy === ShardingPolicy.DYNAMIC && !finished;
  if (splits && sources === null) {
    throw new InternalError(
      `Cannot begin repetition ${repetition} of job ${job.id}: its sources are not described`,
    );
  }
  const iteration: CreateIteration = {
    type: "createIteration",
    iterationId,
    jobId: job.id,
    repetition,
    sources: splits ? [...sources!] : [],
    finished,
    at: now,
  };
  const tasks = finished ? [] : firstTasks(context, job, iterationId);
  return [...iterationsCrowdedOut(context), iteration, ...tasks];
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
