import type { Element } from "../element/mod.ts";
import type { FunctionRef } from "../graph/mod.ts";
import type { Failure } from "./failure.ts";

/** A user's function on other threads. */
export interface SpreadFunction {
  /** On how many threads. */
  readonly threads: number;
  /** Whether a thread has room for a batch of calls now. */
  readonly free: boolean;
  /**
   * Calls the function for elements, one after the other on one thread that is {@linkcode SpreadFunction.free}. Gives
   * for each element, in order, its result, or the failure that the operator would have thrown. Never rejects.
   *
   * @param first the place of the first element in the operator's input, for messages
   */
  call(first: number, elements: readonly Element[]): Promise<readonly (Element | Failure)[]>;
  /** Nobody will call it again; results that are still to come are dropped. */
  close(): void;
}

/** Threads beside the pipeline's, for the calls of parallel operators. */
export interface CallSpreader {
  /** Makes a function ready on up to `threads` threads; until they are there none of them is free. */
  open(ref: FunctionRef, options: { operator: string; threads: number }): SpreadFunction;
  /** Takes the results that have come, without waiting; a thread that computes does not get them otherwise. */
  poll(): void;
}
