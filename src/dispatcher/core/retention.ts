/**
 * How long and how much is kept of what nobody uses. Whatever comes and goes, the state has room for what is used,
 * and for a fixed number of each kind of thing beside that.
 *
 * | what nobody uses | is kept for | at most |
 * | --- | --- | --- |
 * | finished iterations | `jobGcTimeoutMs` | 1,000 |
 * | unfinished iterations | `jobGcTimeoutMs`; of a named DYNAMIC job for ever, of an unnamed one an hour, unless `gcDynamicShardingJobs` | 1,000 |
 * | unfinished iterations of unnamed jobs whose last reader has taken leave | not at all: nobody else can join them | |
 * | jobs without a name | `jobGcTimeoutMs`, a minute at least | 10,000 |
 * | jobs with a name, and which of their repetitions are over | 7 days | 10,000 |
 * | datasets that their readers can register again | `jobGcTimeoutMs`, a minute at least | 10,000 |
 * | datasets registered for others, and under an id of the caller's choice | ever | |
 * | clients that never sent a heartbeat | a day | |
 *
 * With a `jobGcTimeoutMs` of -1 only the numbers count, and unfinished iterations stay. A reader that comes back to
 * a forgotten job or dataset makes it again; under the name of a forgotten job the data begins anew.
 */

import { ShardingPolicy } from "../../graph/mod.ts";
import type { Context } from "./decision.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { jobOfIteration } from "./lookup.ts";
import type { Iteration } from "./state.ts";
import type { CollectIteration, FreeDataset, FreeIteration, FreeJob } from "./updates.ts";

const HOUR_MS = 3_600_000;

/** How many finished iterations without clients are kept. */
export const MAX_IDLE_ITERATIONS = 1_000;

/** How many unfinished iterations are kept whose clients have left. */
export const MAX_ABANDONED_ITERATIONS = 1_000;

/** How many jobs without iterations are kept, of those with and of those without a name. */
export const MAX_IDLE_JOBS = 10_000;

/** How many datasets without iterations are kept of those that are registered again when needed. */
export const MAX_IDLE_DATASETS = 10_000;

/** What was just registered or made is about to be used by whoever did so: not even a timeout of 0 takes it away. */
export const LEAST_REST_MS = 60_000;

/** How long a job with a name is remembered after its last iteration went. */
export const NAMED_JOB_MS = 7 * 24 * HOUR_MS;

/** How long an unnamed DYNAMIC job keeps what its readers left unfinished: no other reader can go on with it. */
export const UNNAMED_DYNAMIC_MS = HOUR_MS;

/** How long a client that has never sent a heartbeat is waited for. */
export const UNHEARD_CLIENT_MS = 24 * HOUR_MS;

/** The iterations that make room for another one: the longest idle first. */
export function iterationsCrowdedOut(
  { state, settings, now }: Context,
): (FreeIteration | CollectIteration)[] {
  // With a timeout of -1 nothing unfinished is ever given up.
  const givenUp = settings.jobGcTimeoutMs < 0 ? [] : crowdedOut(state.abandoned, MAX_ABANDONED_ITERATIONS);
  return [
    ...crowdedOut(state.idle, MAX_IDLE_ITERATIONS)
      .map((iterationId) => ({ type: "freeIteration" as const, iterationId, at: now })),
    ...givenUp.map((iterationId) => ({ type: "collectIteration" as const, iterationId, at: now })),
  ];
}

/** The jobs that make room for another one. */
export function jobsCrowdedOut({ state: { idleJobs } }: Context, named: boolean): FreeJob[] {
  return crowdedOut(named ? idleJobs.named : idleJobs.unnamed, MAX_IDLE_JOBS)
    .map((jobId) => ({ type: "freeJob", jobId }));
}

/** The datasets that make room for another one. */
export function datasetsCrowdedOut({ state: { idleDatasets } }: Context): FreeDataset[] {
  return crowdedOut(idleDatasets, MAX_IDLE_DATASETS).map((datasetId) => ({ type: "freeDataset", datasetId }));
}

/** Whether an unfinished iteration whose clients have left is given up. */
export function isGivenUp(context: Context, iteration: DeepReadonly<Iteration>): boolean {
  const { settings: { gcDynamicShardingJobs, jobGcTimeoutMs }, state } = context;
  const { policy, named } = jobOfIteration(state, iteration);
  // Beginning a dynamically sharded iteration again would visit elements twice.
  if (policy !== ShardingPolicy.DYNAMIC || gcDynamicShardingJobs) {
    return hasRested(context, iteration, jobGcTimeoutMs);
  }
  return !named && hasRested(context, iteration, Math.max(UNNAMED_DYNAMIC_MS, jobGcTimeoutMs));
}

/** Whether the last client of an iteration left `ms` ago; one that nobody has left is about to be begun. */
export function hasRested(
  { now }: Context,
  { lastReleasedAt }: DeepReadonly<Iteration>,
  ms: number,
): boolean {
  return lastReleasedAt !== null && now - lastReleasedAt >= ms;
}

/** Jobs and datasets whose time is over. */
export function overdue({ state, settings, now }: Context): (FreeJob | FreeDataset)[] {
  const updates: (FreeJob | FreeDataset)[] = [];
  const restMs = Math.max(settings.jobGcTimeoutMs, LEAST_REST_MS);
  const jobs = [[state.idleJobs.unnamed, restMs], [state.idleJobs.named, NAMED_JOB_MS]] as const;
  // The longest idle come first, so that those whose time is not over are not looked at.
  for (const [ids, ms] of jobs) {
    for (const jobId of ids) {
      if (now - state.jobs.get(jobId)!.idleSince < ms) break;
      updates.push({ type: "freeJob", jobId });
    }
  }
  for (const datasetId of state.idleDatasets) {
    if (now - state.datasets.get(datasetId)!.idleSince < restMs) break;
    updates.push({ type: "freeDataset", datasetId });
  }
  return updates;
}

/**
 * The oldest hundredth of a set that is full. Not one at a time: to find the first entry of a set, the places of
 * those that were deleted before it are passed over, as many as the set is large.
 */
function crowdedOut<T>(ids: ReadonlySet<T>, max: number): T[] {
  const oldest: T[] = [];
  if (ids.size < max) return oldest;
  for (const id of ids) {
    oldest.push(id);
    if (oldest.length >= max / 100) break;
  }
  return oldest;
}
