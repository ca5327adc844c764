/** How a reader that comes with a checkpoint joins a pass over a job. */

import { FailedPreconditionError, InvalidArgumentError, UnavailableError } from "../../base/mod.ts";
import { ConsumedSet, type ConsumedSource } from "../../element/mod.ts";
import { ShardingPolicy } from "../../graph/mod.ts";
import type { Context } from "./decision.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import type { GetOrCreateIterationRequest } from "./get_or_create_iteration.ts";
import { parseIterationKey } from "./iteration_key.ts";
import { datasetOf } from "./lookup.ts";
import { canRun } from "./make_task.ts";
import type { Recovery } from "./recovery.ts";
import { hasRepetition } from "./repetitions.ts";
import { type Rests, takeRest, uniteRests } from "./rests.ts";
import type { Iteration, Job, StateView } from "./state.ts";
import { takenSince } from "./takings.ts";
import type { CreateJob, Resumption, Update } from "./updates.ts";

/** Where a reader stood. */
export interface Checkpoint {
  /** The key of the iteration that it read. */
  readonly key: string;
  /** The client that it was. */
  readonly clientId: number;
  /** Dynamic sharding: what it had. */
  readonly consumed: readonly ConsumedSource[];
  /** No sharding: how many elements it had. */
  readonly position: number;
  /** How many readers the iteration had. */
  readonly readers: number;
}

/** Whether a pipeline gives the same elements in the same order each time; null: nobody has looked. */
export type OrderView =
  | { readonly kind: "deterministic" }
  | { readonly kind: "undetermined"; readonly operator: string; readonly reason: string }
  | null;

/** How a reader comes into a pass. */
export type Entry =
  | {
    readonly kind: "begin";
    readonly resumption: Resumption | null;
    /** In a job of its own, since the pass is over for all others. @default false */
    readonly isPrivate?: boolean;
  }
  | {
    readonly kind: "join";
    readonly iterationId: number;
    /** What happens before it is there. */
    readonly updates: readonly Update[];
    /** All tasks begin anew. @default false */
    readonly restarts?: boolean;
  };

/** How long a resumed iteration waits for those of its readers that have not come, in milliseconds. */
export const GATHERING_MS = 2_000;

type ResumeRequest = Omit<GetOrCreateIterationRequest, "checkpoint"> & {
  readonly checkpoint: Checkpoint;
  readonly clientId: number;
};

/**
 * How a reader goes on from its checkpoint.
 *
 * @throws {InvalidArgumentError} if it names no iteration
 * @throws {FailedPreconditionError} if the job cannot go on from it, with the reason
 */
export function entryOf(context: Context, job: DeepReadonly<Job>, request: ResumeRequest): Entry {
  const { checkpoint } = request;
  const order = parseIterationKey(checkpoint.key);
  if (!order) {
    throw new InvalidArgumentError(
      `\`checkpoint.iterationKey\` must be the key of an iteration, got ${JSON.stringify(checkpoint.key)}`,
    );
  }
  switch (job.policy) {
    case ShardingPolicy.OFF:
      return byPosition(context, job, request);
    case ShardingPolicy.DYNAMIC:
      if (job.weakness) {
        refuse(`\`${job.weakness.operator}\` makes it impossible, because ${job.weakness.reason}`);
      }
      if (order.order !== parseIterationKey(request.key ?? "")?.order) {
        refuse("the dataset's sources are others, or in another order, than when it was taken");
      }
      return byConsumption(context, job, request);
    default:
      return refuse(
        `sharding policy ${
          ShardingPolicy[job.policy]
        } gives each worker a part of its own, and a position in one ` +
          "says nothing of the others: use DYNAMIC",
      );
  }
}

function byPosition(
  { state, settings }: Context,
  job: DeepReadonly<Job>,
  { repetition, checkpoint: { position }, order = null }: ResumeRequest,
): Entry {
  if (job.numConsumers !== null) refuse("the consumers of a coordinated read advance together");
  if (job.useCrossTrainerCache) refuse("a trainer of a cross-trainer cache skips what it comes too late for");
  if (job.named) refuse("without sharding the readers of a named job divide the elements by chance");
  if (job.iterations.has(repetition)) refuse("the pass has begun");
  if (order === null) refuse("the dataset's format does not tell whether its order is determined");
  if (order?.kind === "undetermined") {
    refuse(`\`${order.operator}\` makes its order another one each time, because ${order.reason}`);
  }
  const { format } = datasetOf(state, job.datasetId);
  const workers = [...state.workers.values()].filter((worker) =>
    worker.lostAt === null && canRun(settings, job, worker, format)
  );
  if (workers.length !== 1) {
    refuse(
      `without sharding each worker gives all elements in an order of its own, and ${workers.length} workers are ` +
        "registered: it needs exactly one",
    );
  }
  return { kind: "begin", resumption: { kind: "position", position } };
}

function byConsumption(context: Context, job: DeepReadonly<Job>, request: ResumeRequest): Entry {
  const { state, now } = context;
  const { repetition, checkpoint } = request;
  const consumed = [...checkpoint.consumed];
  const same = job.named ? iterationOf(state, job, checkpoint.key) : null;
  if (same) return same.finished ? afterEnd(state, same, checkpoint) : goOn(context, same, request);
  const existing = state.iterations.get(job.iterations.get(repetition) ?? -1);
  if (existing && !existing.finished) {
    const order = (key: string) => parseIterationKey(key)?.order;
    if (order(existing.key) !== order(checkpoint.key)) {
      refuse("the pass that others have begun has its sources in another order");
    }
    return {
      kind: "join",
      iterationId: existing.id,
      updates: [{ type: "excludeTaken", iterationId: existing.id, consumed }],
    };
  }
  const isOver = existing !== undefined || hasRepetition(job.finished, repetition);
  if (isOver && checkpoint.readers > 1) {
    refuse("the pass is over, and what its other readers have got is not known any more");
  }
  const resumption: Resumption = {
    kind: "excluded",
    consumed,
    readers: Math.max(1, checkpoint.readers),
    until: now + GATHERING_MS,
  };
  return { kind: "begin", resumption, isPrivate: isOver };
}

function iterationOf(state: StateView, job: DeepReadonly<Job>, key: string): DeepReadonly<Iteration> | null {
  for (const id of job.iterations.values()) {
    const iteration = state.iterations.get(id);
    if (iteration?.key === key && iteration.recovery) return iteration;
  }
  return null;
}

/** In the iteration that it read, which others may read still: its former client is gone, and its tasks begin anew. */
function goOn(
  { state, now }: Context,
  { id: iterationId, recovery, completedBy }: DeepReadonly<Iteration>,
  { checkpoint, clientId: heirId }: ResumeRequest,
): Entry {
  const clientId = lastHeir(recovery!, checkpoint.clientId);
  if (recovery!.takings.get(clientId) === null) {
    refuse("the reader has taken its elements in too many pieces for the dispatcher to keep account of them");
  }
  const updates: Update[] = [];
  const client = state.clients.get(clientId);
  if (client?.iterationId === iterationId) {
    updates.push({ type: "releaseClient", clientId, at: now });
  }
  updates.push({ type: "resumeClient", iterationId, clientId, heirId, consumed: [...checkpoint.consumed] });
  return { kind: "join", iterationId, updates, restarts: completedBy.size === 0 };
}

/**
 * When the iteration that it read is over: in a pass of its own, which has what it got after the checkpoint and
 * nothing else. What ended tasks had and no reader named is its, too, if no other reader can have it.
 */
function afterEnd(
  state: StateView,
  { id, recovery }: DeepReadonly<Iteration>,
  checkpoint: Checkpoint,
): Entry {
  const clientId = lastHeir(recovery!, checkpoint.clientId);
  const takings = recovery!.takings.get(clientId);
  if (takings === null) {
    refuse("the reader has taken its elements in too many pieces for the dispatcher to keep account of them");
  }
  const before = new ConsumedSet(checkpoint.consumed);
  const rests = new Map<number, Rests>();
  const restsOf = (source: number) => {
    let of = rests.get(source);
    if (!of) rests.set(source, of = new Map());
    return of;
  };
  for (const [source, taken] of takings ?? []) uniteRests(restsOf(source), takenSince(taken, source, before));
  if (recovery!.unclaimed.size > 0) {
    for (const client of state.clients.values()) {
      if (client.iterationId !== id || client.id === clientId || client.late) continue;
      throw new UnavailableError(
        `Cannot go on from the checkpoint yet: client ${client.id} of the pass has not said all that it has got`,
      );
    }
    for (const tasks of recovery!.unclaimed.values()) {
      tasks.forEach((rest, source) => uniteRests(restsOf(source), rest));
    }
  }
  for (const part of checkpoint.consumed) takeRest(restsOf(part.source), part);
  return { kind: "begin", resumption: { kind: "only", rest: asParts(rests) }, isPrivate: true };
}

/** Rests in the form of an update: whole indexes, and those of which some outputs are left out. */
function asParts(rests: ReadonlyMap<number, Rests>): ConsumedSource[] {
  const parts: ConsumedSource[] = [];
  for (const [source, of] of rests) {
    for (const [repetition, { indexes, taken }] of of) {
      const ranges = pairs(indexes).flatMap(({ start, end }) => {
        // The indexes between those that come with their outputs.
        const cuts = [...taken.keys()].filter((index) => index >= start && index < end).sort((a, b) => a - b);
        return [...cuts, end].map((cut, i) => ({ start: i === 0 ? start : cuts[i - 1] + 1, end: cut }))
          .filter((range) => range.start < range.end);
      });
      const partial = [...taken].sort(([a], [b]) => a - b)
        .map(([index, bounds]) => ({ index, offsets: pairs(bounds) }));
      parts.push({ source, repetition, ranges, partial });
    }
  }
  return parts.sort((a, b) => a.source - b.source || a.repetition - b.repetition);
}

function pairs(bounds: readonly number[]): { start: number; end: number }[] {
  const all: { start: number; end: number }[] = [];
  for (let i = 0; i < bounds.length; i += 2) all.push({ start: bounds[i], end: bounds[i + 1] });
  return all;
}

/** A checkpoint may be gone on from several times: the latest client has all that its reader took. */
function lastHeir({ heirs }: DeepReadonly<Recovery>, clientId: number): number {
  let last = clientId;
  for (let next = heirs.get(last); next !== undefined; next = heirs.get(last)) last = next;
  return last;
}

/** The job of a reader whose pass is over for all others. */
export function newJobFor({ state, now }: Context, job: DeepReadonly<Job>, randomName: string): CreateJob {
  const jobId = state.next.job;
  return {
    type: "createJob",
    jobId,
    name: `anonymous_job_${jobId}_${randomName}`,
    named: false,
    datasetId: job.datasetId,
    policy: job.policy,
    numConsumers: null,
    useCrossTrainerCache: false,
    targetWorkers: job.targetWorkers,
    weakness: null,
    undivided: false,
    requestId: null,
    at: now,
  };
}

function refuse(reason: string): never {
  throw new FailedPreconditionError(`Cannot go on from the checkpoint: ${reason}`);
}
