/** DisableCompressionAtRuntime: whether a compressed dataset's elements travel uncompressed is decided once. */

import { answer, type Context, type Decision } from "./decision.ts";
import { datasetOf } from "./lookup.ts";

/** Somebody would have the elements travel one way or the other. */
export interface SettleCompressionRequest {
  readonly datasetId: string;
  readonly disable: boolean;
}

/** Decides as the first caller asks. The reply is the decision, also to those who ask later for another. */
export function settleCompression(
  { state }: Context,
  { datasetId, disable }: SettleCompressionRequest,
): Decision<boolean> {
  const { compressionDisabled } = datasetOf(state, datasetId);
  if (compressionDisabled !== undefined) return answer(compressionDisabled);
  return { updates: [{ type: "settleCompression", datasetId, disabled: disable }], reply: () => disable };
}
