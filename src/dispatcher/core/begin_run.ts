import type { Context, Decision } from "./decision.ts";

/** Notes that the dispatcher begins; the request names the time since the machine was started, if that is known. */
export function beginRun({ state }: Context, boot: string | null): Decision<null> {
  if (boot === null && state.boot === null) return { updates: [], reply: () => null };
  return { updates: [{ type: "beginRun", boot }], reply: () => null };
}
