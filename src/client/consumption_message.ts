import { encodeConsumed } from "../element/mod.ts";
import type { ConsumptionReport } from "./core/consumption.ts";

/** What was consumed, as heartbeats and the farewell say it; see `TaskConsumption`. */
export function consumptionOf(
  { consumed }: Pick<ConsumptionReport, "consumed">,
): { taskId: bigint; consumed: Uint8Array<ArrayBuffer> }[] {
  return consumed.map(({ task, consumed }) => ({ taskId: task, consumed: encodeConsumed(consumed) }));
}
