/** Errors as TensorFlow's clients should see them. They try UNAVAILABLE, ABORTED and CANCELLED again for ever. */

import { errorFromCode, FailedPreconditionError, SluiceError, type SluiceErrorCode } from "../../base/mod.ts";
import { type ElementFailure, fromElementFailure } from "../../rpc/mod.ts";

/** Codes that mean something else to a client than that the pipeline failed. OUT_OF_RANGE is its end of data. */
const MISLEADING: readonly SluiceErrorCode[] = ["unavailable", "aborted", "canceled", "out_of_range"];

/** What a pipeline failed with: class and text stay, but for codes that a client would not take for a failure. */
export function pipelineError(failure: ElementFailure): SluiceError {
  const error = fromElementFailure(failure);
  if (!MISLEADING.includes(error.code as SluiceErrorCode)) return error;
  return errorFromCode("internal", `The pipeline failed (${error.code}): ${error.message}`, { cause: error });
}

/** What the worker refuses a request with. A task that the dispatcher has ended does not come back. */
export function refusalError(thrown: unknown): unknown {
  if (!(thrown instanceof SluiceError) || thrown.code !== "canceled") return thrown;
  return new FailedPreconditionError(thrown.message, { cause: thrown });
}
