/** GetOrCreateJob. */

import { InvalidArgumentError } from "../../base/mod.ts";
import { ShardingPolicy } from "../../graph/mod.ts";
import { answer, type Context, type Decision } from "./decision.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { datasetOf } from "./lookup.ts";
import { recall } from "./recent.ts";
import { jobsCrowdedOut } from "./retention.ts";
import type { Job, TargetWorkers } from "./state.ts";
import type { Weakness } from "./updates.ts";

/** A job to be made or found. */
export interface GetOrCreateJobRequest {
  readonly datasetId: string;
  /** A `ShardingPolicy`. */
  readonly policy: number;
  /** null: a job of the caller's own. */
  readonly name: string | null;
  readonly numConsumers: number | null;
  readonly useCrossTrainerCache: boolean;
  readonly targetWorkers: TargetWorkers;
  /** The policy divides nothing of this dataset: each worker gives everything. @default false */
  readonly undivided?: boolean;
  /**
   * What keeps the dataset from being visited exactly once through the loss of a worker; null: nothing.
   *
   * @default its format
   */
  readonly weakness?: Weakness | null;
  /** Refuse what cannot be promised to be exactly-once. */
  readonly requireExactlyOnce: boolean;
  readonly requestId: string | null;
  /** Random letters and digits, for the name of a job without one. */
  readonly randomName: string;
}

/** Makes a job or finds the one of the same name. The reply is its id. */
export function getOrCreateJob(context: Context, request: GetOrCreateJobRequest): Decision<number> {
  const { state, now } = context;
  const { datasetId, policy, numConsumers, useCrossTrainerCache, targetWorkers, requestId } = request;
  datasetOf(state, datasetId);
  const weakness = weaknessOf(request);
  checkGuarantee(request, weakness);
  const former = recall(state.requests.jobs, requestId);
  if (former !== undefined && state.jobs.has(former)) return answer(former);
  const existing = request.name === null ? undefined : state.jobsByName.get(request.name);
  if (existing !== undefined) {
    const job = state.jobs.get(existing)!;
    checkSameParameters(job, request);
    checkKept(job, request);
    if (state.datasets.has(job.datasetId)) return answer(existing);
    return {
      updates: [{ type: "adoptDataset", jobId: existing, datasetId, weakness }],
      reply: () => existing,
    };
  }
  const jobId = state.next.job;
  const name = request.name ?? `anonymous_job_${jobId}_${request.randomName}`;
  return {
    updates: [...jobsCrowdedOut(context, request.name !== null), {
      type: "createJob",
      jobId,
      name,
      named: request.name !== null,
      datasetId,
      policy,
      numConsumers,
      useCrossTrainerCache,
      targetWorkers,
      weakness,
      undivided: request.undivided ?? false,
      requestId,
      at: now,
    }],
    reply: () => jobId,
  };
}

/** What keeps a dynamically sharded job from being exactly-once through the loss of a worker. */
function weaknessOf(request: GetOrCreateJobRequest): Weakness | null {
  if (request.policy !== ShardingPolicy.DYNAMIC) return null;
  if (request.numConsumers !== null) {
    return { operator: "numConsumers", reason: "the consumers of a coordinated read advance together" };
  }
  if (request.useCrossTrainerCache) {
    return { operator: "crossTrainerCache", reason: "a trainer skips what it comes too late for" };
  }
  return request.weakness === undefined ? UNKNOWN_FORMAT : request.weakness;
}

const UNKNOWN_FORMAT: Weakness = {
  operator: "format",
  reason: "datasets of this format do not tell which source elements an element was made of",
};

const WHY_NOT: { readonly [policy: number]: string } = {
  [ShardingPolicy.OFF]: "without sharding every worker visits all elements",
};

/** A promise that breaks when a worker is lost is worth nothing. */
function checkGuarantee(
  { requireExactlyOnce, policy }: GetOrCreateJobRequest,
  weakness: Weakness | null,
): void {
  if (!requireExactlyOnce) return;
  if (policy === ShardingPolicy.DYNAMIC && weakness === null) return;
  const reason = policy !== ShardingPolicy.DYNAMIC
    ? WHY_NOT[policy] ?? `sharding policy ${ShardingPolicy[policy]} promises it through no loss of a worker`
    : `\`${weakness!.operator}\` makes it impossible through the loss of a worker, because ${
      weakness!.reason
    }`;
  throw new InvalidArgumentError(`Cannot promise \`guarantee\` "exactly-once": ${reason}`);
}

/** A reader that joins a job joins what has become of it. */
function checkKept(job: DeepReadonly<Job>, { requireExactlyOnce }: GetOrCreateJobRequest): void {
  if (!requireExactlyOnce || job.guarantee === "exactly-once") return;
  throw new InvalidArgumentError(
    `Cannot promise \`guarantee\` "exactly-once": job ${job.name} is "${job.guarantee}" by now`,
  );
}

function checkSameParameters(existing: DeepReadonly<Job>, request: GetOrCreateJobRequest): void {
  let differences = "";
  const compare = (what: string, ours: string, theirs: string) => {
    if (ours !== theirs) differences += ` Existing ${what}: <${ours}>; got <${theirs}>.`;
  };
  const enabled = (flag: boolean) => flag ? "enabled" : "disabled";
  compare("processing mode", ShardingPolicy[existing.policy], ShardingPolicy[request.policy]);
  compare(
    "cross-trainer cache",
    enabled(existing.useCrossTrainerCache),
    enabled(request.useCrossTrainerCache),
  );
  compare("target workers", existing.targetWorkers, request.targetWorkers);
  if (differences === "") return;
  throw new InvalidArgumentError(
    `Tried to create job with name ${existing.name}, but found an existing job with different parameters:` +
      differences.slice(0, -1),
  );
}
