import type { Dataset } from "./dataset.ts";

/**
 * What every function given to a dataset gets as its last argument.
 *
 * @example A value from outside, and a dataset made for each element
 * ```ts
 * import { Dataset } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const repeated = Dataset.fromArray(["a", "b"]).flatMap(
 *   (text, { captures, Dataset }) => Dataset.range(captures.times).map((i, ctx) => `${ctx.captures}${i}`, { captures: text }),
 *   { captures: { times: 2 } },
 * );
 * assertEquals(await repeated.toArray(), ["a0", "a1", "b0", "b1"]);
 * ```
 */
export interface FunctionContext<C = unknown> {
  /** The `captures` of the operator's options: a copy made when the operator was called. Null without. */
  readonly captures: C;
  /** Builds datasets inside the function: an import or a variable from outside does not travel with it. */
  readonly Dataset: typeof Dataset;
  /** Aborted when the reader leaves; give it to whatever the function waits for. */
  readonly signal: AbortSignal;
}

/** Options that every operator with a function takes. */
export interface CaptureOptions<C = unknown> {
  /**
   * Values from outside that the function needs; it gets them as `context.captures`. They must be elements, and
   * are copied at the call: later changes do not reach the function.
   *
   * @default null
   */
  captures?: C;
}
