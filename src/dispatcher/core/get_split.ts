/** GetSplit. */

import {
  FailedPreconditionError,
  gapsWithin,
  InvalidArgumentError,
  NotFoundError,
  partsWithin,
  UnavailableError,
} from "../../base/mod.ts";
import type { ConsumedSource } from "../../element/mod.ts";
import { ShardingPolicy } from "../../graph/mod.ts";
import { answer, type Context, type Decision } from "./decision.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { indexCount, leaseSize, paceOf } from "./lease_size.ts";
import { SILENT_READERS } from "./guarantee.ts";
import { wasGivenOut } from "./ids.ts";
import { jobOfIteration } from "./lookup.ts";
import { countRests, takenWithin } from "./rests.ts";
import type { Iteration, LeaseAnswer, Source, StateView, Task, TaskLeases } from "./state.ts";
import type { LeaseSplit } from "./updates.ts";

/** A task asks for splits of a source. */
export interface GetSplitRequest {
  readonly iterationId: number;
  readonly taskId: number;
  readonly source: number;
  /** How often the task has begun the source again. */
  readonly repetition: number;
  /** Counts the task's requests for the source, from 1. */
  readonly requestId: number;
}

/** A piece of a source's input. */
export interface LeasedSplit {
  readonly start: number;
  readonly end: number;
  readonly names: readonly string[];
  /** The pass over the source that it belongs to; below the present one where a lost task had it. */
  readonly repetition: number;
  /** What readers have of it already; null: nothing. */
  readonly consumed: ConsumedSource | null;
}

/** Splits, or the end of the repetition. */
export type GetSplitReply =
  | { readonly kind: "splits"; readonly splits: readonly LeasedSplit[] }
  | {
    readonly kind: "end";
    readonly sourceIsEmpty: boolean;
    /** The source's present repetition: all before it are given out. */
    readonly currentRepetition: number;
  };

/** How many pieces one lease has at most: what a shuffle left of a lost task comes in crumbs. */
export const MAX_PIECES = 256;

const OVER: GetSplitReply = { kind: "end", sourceIsEmpty: false, currentRepetition: 0 };

/**
 * Leases further splits to a task; what lost tasks had goes first, whichever repetition is asked for. Where nothing is
 * given out again the end of a repetition needs no update: once its last index is leased, everybody who asks gets the
 * end, however often, until somebody asks for the next repetition. Else it is remembered to whom the end was told: to
 * a copy of that request which comes late something may be left that another task lost, and nobody would read it.
 */
export function getSplit(context: Context, request: GetSplitRequest): Decision<GetSplitReply> {
  const { state } = context;
  const { iterationId, taskId, source: index, requestId } = request;
  const iteration = state.iterations.get(iterationId);
  if (!iteration) {
    if (wasGivenOut(state, "iteration", iterationId)) return answer(OVER);
    throw new NotFoundError(`Iteration ${iterationId} not found`);
  }
  if (jobOfIteration(state, iteration).policy !== ShardingPolicy.DYNAMIC) {
    throw new FailedPreconditionError(
      `Cannot get split for iteration ${iterationId}, since it is not a distributed_epoch iteration`,
    );
  }
  const task = state.tasks.get(taskId);
  if (!task && wasGivenOut(state, "task", taskId)) return answer(OVER);
  if (task?.iterationId !== iterationId) {
    throw new NotFoundError(`Task ${taskId} not found in iteration ${iterationId}`);
  }
  // Fetching ahead may go on for a moment after the last element was taken, also on a worker that lost its task.
  if (task.finished || iteration.finished) return answer(OVER);
  const source = iteration.sources[index];
  if (!source) {
    throw new InvalidArgumentError(
      `Cannot get split of source ${index}: the dataset has ${iteration.sources.length} sources`,
    );
  }
  const leases = task.leases[index];
  const repeated = leases.answers.find((answered) => answered.requestId === requestId);
  if (repeated) return answer(splitsOf(index, source, repeated));
  checkNotForgotten(leases, taskId, requestId);
  const end = endOf(source, task.restOnly ?? false);
  if (requestId <= (leases.ended ?? 0)) return answer(end);
  checkGathered(context, iteration);
  const isLosable = jobOfIteration(state, iteration).weakness?.operator === SILENT_READERS.operator;
  const lease = nextLease(context, request, { source, task, tasks: iteration.running, isLosable });
  if (lease || !iteration.recovery) return lease ?? answer(end);
  return { updates: [{ type: "endSplits", taskId, source: index, requestId }], reply: () => end };
}

interface Asker {
  readonly source: DeepReadonly<Source>;
  readonly task: DeepReadonly<Task>;
  /** How many tasks are at work. */
  readonly tasks: number;
  readonly isLosable: boolean;
}

/** The next lease of a source to a task; null: there is none in the repetition. */
function nextLease(
  { now }: Context,
  { taskId, source: index, repetition, requestId }: GetSplitRequest,
  { source, task, tasks, isLosable }: Asker,
): Decision<GetSplitReply> | null {
  const { kind } = source.description;
  const pace = paceOf(task.leases[index], now);
  const lease = (piece: { repetition: number; start: number; end: number; again?: true }) => {
    const update: LeaseSplit = { type: "leaseSplit", taskId, source: index, ...piece, requestId, at: now };
    const reply = (after: StateView) => {
      const leases = after.tasks.get(taskId)!.leases[index];
      return splitsOf(index, source, leases.answers.at(-1)!);
    };
    return { updates: [update], reply, progressed: [taskId] };
  };
  if (source.pending.size > 0) {
    const label = Math.min(...source.pending.keys());
    const { indexes } = source.pending.get(label)!;
    const size = leaseSize({ kind, remaining: countRests(source.pending), tasks, pace, isLosable });
    return lease({ repetition: label, ...firstOf(partsWithin(indexes, 0, Infinity), size), again: true });
  }
  const count = indexCount(source.description);
  if (source.closed || task.restOnly || repetition < source.repetition) return null;
  // A later repetition begins the source anew for everybody, even where nobody has come to the end of this one:
  // `zip` and `take` leave their longer inputs early.
  const next = repetition > source.repetition ? 0 : source.next;
  const excluded = source.excluded.get(repetition)?.indexes ?? NOTHING;
  const [first] = gapsWithin(excluded, next, count);
  if (!first) return null;
  const size = leaseSize({ kind, remaining: count - first[0], tasks, pace, isLosable });
  return lease({ repetition, ...firstOf(gapsWithin(excluded, first[0], count), size) });
}

const NOTHING: readonly number[] = [];
const NOTHING_TAKEN: ReadonlyMap<number, readonly number[]> = new Map();

/** Where the first `size` numbers of some ranges lie, as far as they are in {@linkcode MAX_PIECES} pieces. */
function firstOf(
  ranges: Iterable<[start: number, end: number]>,
  size: number,
): { start: number; end: number } {
  let start = -1;
  let end = 0;
  let pieces = 0;
  for (const [from, to] of ranges) {
    if (start < 0) start = from;
    end = Math.min(to, from + size);
    size -= end - from;
    if (size <= 0 || ++pieces >= MAX_PIECES) break;
  }
  return { start, end };
}

function endOf(source: DeepReadonly<Source>, restOnly: boolean): GetSplitReply {
  return {
    kind: "end",
    // To whoever gets only what is left, a source without that is empty: it must not begin it anew for ever.
    sourceIsEmpty: restOnly || source.closed === true || indexCount(source.description) === 0,
    currentRepetition: source.repetition,
  };
}

/** @throws {UnavailableError} while readers are waited for that come with checkpoints */
function checkGathered({ now }: Context, { id, recovery }: DeepReadonly<Iteration>): void {
  const gathering = recovery?.gathering;
  if (!gathering || now >= gathering.until) return;
  throw new UnavailableError(
    `Cannot get split for iteration ${id} yet: ${gathering.joined} of ${gathering.readers} readers have come with ` +
      "their checkpoints",
  );
}

function checkNotForgotten({ answers }: DeepReadonly<TaskLeases>, taskId: number, requestId: number): void {
  if (answers.length === 0 || requestId > answers[0].requestId) return;
  throw new FailedPreconditionError(
    `Cannot repeat request ${requestId} of task ${taskId}: the oldest answer kept is that to request ` +
      `${answers[0].requestId}`,
  );
}

function splitsOf(
  index: number,
  source: DeepReadonly<Source>,
  { repetition, start, end, parts = [start, end], taken = NOTHING_TAKEN }: DeepReadonly<LeaseAnswer>,
): GetSplitReply {
  const { description } = source;
  const splits: LeasedSplit[] = [];
  for (let i = 0; i < parts.length; i += 2) {
    const [from, to] = [parts[i], parts[i + 1]];
    splits.push({
      start: from,
      end: to,
      names: description.kind === "files" ? description.names.slice(from, to) : [],
      repetition,
      consumed: takenWithin(taken, { source: index, repetition, start: from, end: to }),
    });
  }
  return { kind: "splits", splits };
}
