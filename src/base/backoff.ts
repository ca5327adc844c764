import type { Random } from "./random.ts";

/** How delays between retries grow. All in milliseconds. */
export interface BackoffOptions {
  /** Delay before the first retry. @default 10 */
  initialMs?: number;
  /** Longest delay. @default 2_000 */
  maxMs?: number;
  /** Factor from one delay to the next. @default 1.6 */
  factor?: number;
}

/**
 * The delay before retry number `attempt` (from 0), with 40 % of jitter, so that the readers of a restarted
 * server do not come back all in the same millisecond.
 */
export function backoffMs(attempt: number, random: Random, options: BackoffOptions = {}): number {
  const { initialMs = 10, maxMs = 2_000, factor = 1.6 } = options;
  const grown = Math.min(maxMs, initialMs * factor ** attempt);
  return grown * (0.6 + 0.4 * random.float());
}
