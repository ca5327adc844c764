/** GetSplit of a protocol whose requests name neither the task nor themselves: one index at a time, to whoever asks. */

import { FailedPreconditionError, InvalidArgumentError, NotFoundError } from "../../base/mod.ts";
import { ShardingPolicy } from "../../graph/mod.ts";
import { answer, type Context, type Decision } from "./decision.ts";
import { wasGivenOut } from "./ids.ts";
import { indexCount } from "./lease_size.ts";
import { jobOfIteration } from "./lookup.ts";
import type { ReserveSplits, TakeSplit } from "./updates.ts";

/** Some worker asks for the next index of a source. */
export interface TakeSplitRequest {
  readonly iterationId: number;
  readonly source: number;
  /** How often the asking task has begun the source again. */
  readonly repetition: number;
}

/** The end of a repetition, where an index might be. */
export const END_OF_SPLITS = -1;

/** There are further indexes, reserved from now on: ask again. */
export const RESERVED = -2;

/**
 * How many indexes are reserved at once: at most as many are lost where the machine loses its power. Only the
 * reservation waits for the disk. An index that was handed out and whose answer has not left is lost with the process;
 * were it to wait for the disk in between, that would be likely.
 */
const RESERVE = 32;

/**
 * Hands out the next index of a source; the reply is the index, {@linkcode END_OF_SPLITS}, or {@linkcode RESERVED}. A
 * repeated request gets another index: one whose answer was lost is lost with it.
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
  const take: TakeSplit = { type: "takeSplit", iterationId, source: at, repetition, index };
  // Where nobody can tell later whether the machine went down, every split has to wait for the disk.
  if (state.boot === null) return { updates: [take], reply: () => index };
  const reserved = repetition > source.repetition ? 0 : source.reserved ?? 0;
  if (index < reserved) return { updates: [take], reply: () => index, outlives: "process" };
  const end = Math.min(index + RESERVE, indexCount(source.description));
  const reserve: ReserveSplits = { type: "reserveSplits", iterationId, source: at, repetition, end };
  return { updates: [reserve], reply: () => RESERVED };
}
