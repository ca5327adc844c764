import type { Element } from "../element/mod.ts";
import type { DatasetBuilder } from "./context.ts";
import type { Run } from "./run.ts";

/** What user functions get beside their elements; one object for each operator instance. */
export interface OperatorFunctionContext {
  /** The values given with the function. */
  readonly captures: Element;
  /** The dataset builder. */
  readonly Dataset: DatasetBuilder;
  /** Aborted when the reader leaves. */
  readonly signal: AbortSignal;
}

/** Makes the context of the functions of one operator. */
export function functionContext(captures: Element, run: Run): OperatorFunctionContext {
  return {
    captures,
    Dataset: run.context.Dataset,
    get signal() {
      return run.signal;
    },
  };
}
