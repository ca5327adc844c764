/** GetSplit of a protocol whose requests name neither the task nor themselves: one index at a time, to whoever asks. */

import { FailedPreconditionError, InvalidArgumentError, NotFoundError } from "../../base/mod.ts";
import { ShardingPolicy } from "../../graph/mod.ts";
import { answer, type Context, type Decision } from "./decision.ts";
import { wasGivenOut } from "./ids.ts";
import { indexCount } from "./lease_size.ts";
import { jobOfIteration } from "./lookup.ts";

/** Some worker asks for the next index of a source. */
export interface TakeSplitRequest {
  readonly iterationId: number;
  readonly source: number;
  /** How often the asking task has begun the source again. */
  readonly repetition: number;
}

/** The end of a repetition, where an index might be. */
export const END_OF_SPLITS = -1;

/**
 * Hands out the next index of a source; the reply is the index, or {@linkcode END_OF_SPLITS}. A repeated request gets
 * another index: one whose answer was lost is lost with it.
 */
export function takeSplit(
  { state }: Context,
  { iterationId, source: at, repetition }: TakeSplitRequest,
): Decision<number> {
  const iteration = state.iterations.get(iterationId);
  if (!iteration) {
    if (wasGivenOut(state, "iteration", iterationId)) return answer(END_OF_SPLITS);
    throw new NotFoundError(`Iteration with id ${iterationId} not found`);
  }
  if (jobOfIteration(state, iteration).policy !== ShardingPolicy.DYNAMIC) {
    throw new FailedPreconditionError(
      `Cannot get split for iteration ${iterationId}, since it is not a distributed_epoch iteration.`,
    );
  }
  if (iteration.finished) return answer(END_OF_SPLITS);
  const source = iteration.sources[at];
  if (!source) {
    throw new InvalidArgumentError(
      `Cannot get split of source ${at}: the dataset has ${iteration.sources.length} sources`,
    );
  }
  if (repetition < source.repetition) return answer(END_OF_SPLITS);
  // As for leases: a later repetition begins the source anew for everybody.
  const index = repetition > source.repetition ? 0 : source.next;
  if (index >= indexCount(source.description)) return answer(END_OF_SPLITS);
  return { updates: [{ type: "takeSplit", iterationId, source: at, repetition, index }], reply: () => index };
}
