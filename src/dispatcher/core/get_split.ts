/** GetSplit. */

import { FailedPreconditionError, InvalidArgumentError, NotFoundError } from "../../base/mod.ts";
import { ShardingPolicy } from "../../graph/mod.ts";
import { answer, type Context, type Decision } from "./decision.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { indexCount, leaseSize, paceOf } from "./lease_size.ts";
import { wasGivenOut } from "./ids.ts";
import { jobOfIteration } from "./lookup.ts";
import type { Source, TaskLeases } from "./state.ts";

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

/** A split, or the end of the repetition. */
export type GetSplitReply =
  | {
    readonly kind: "split";
    readonly start: number;
    readonly end: number;
    readonly names: readonly string[];
  }
  | {
    readonly kind: "end";
    readonly sourceIsEmpty: boolean;
    /** The source's present repetition: all before it are given out. */
    readonly currentRepetition: number;
  };

const OVER: GetSplitReply = { kind: "end", sourceIsEmpty: false, currentRepetition: 0 };

/**
 * Leases further splits to a task. The end of a repetition needs no update: once its last index is leased,
 * everybody who asks gets the end, however often, until somebody asks for the next repetition.
 */
export function getSplit({ state, now }: Context, request: GetSplitRequest): Decision<GetSplitReply> {
  const { iterationId, taskId, source: index, repetition, requestId } = request;
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
  // Fetching ahead may go on for a moment after the last element was taken.
  if (task.finished) return answer(OVER);
  const source = iteration.sources[index];
  if (!source) {
    throw new InvalidArgumentError(
      `Cannot get split of source ${index}: the dataset has ${iteration.sources.length} sources`,
    );
  }
  const leases = task.leases[index];
  const repeated = leases.answers.find((answered) => answered.requestId === requestId);
  if (repeated) return answer(splitOf(source, repeated.start, repeated.end));
  checkNotForgotten(leases, taskId, requestId);

  const count = indexCount(source.description);
  const end: GetSplitReply = {
    kind: "end",
    sourceIsEmpty: count === 0,
    currentRepetition: source.repetition,
  };
  if (end.sourceIsEmpty || repetition < source.repetition) return answer(end);
  // A later repetition begins the source anew for everybody, even where nobody has come to the end of this one:
  // `zip` and `take` leave their longer inputs early.
  const start = repetition > source.repetition ? 0 : source.next;
  if (start >= count) return answer(end);
  const { kind } = source.description;
  const pace = paceOf(leases, now);
  const stop = start + leaseSize({ kind, remaining: count - start, tasks: iteration.running, pace });
  return {
    updates: [{
      type: "leaseSplit",
      taskId,
      source: index,
      repetition,
      requestId,
      start,
      end: stop,
      at: now,
    }],
    reply: () => splitOf(source, start, stop),
  };
}

function checkNotForgotten({ answers }: DeepReadonly<TaskLeases>, taskId: number, requestId: number): void {
  if (answers.length === 0 || requestId > answers[0].requestId) return;
  throw new FailedPreconditionError(
    `Cannot repeat request ${requestId} of task ${taskId}: the oldest answer kept is that to request ` +
      `${answers[0].requestId}`,
  );
}

function splitOf(source: DeepReadonly<Source>, start: number, end: number): GetSplitReply {
  const names = source.description.kind === "files" ? source.description.names.slice(start, end) : [];
  return { kind: "split", start, end, names };
}
