import { InternalError, ResourceExhaustedError, SluiceError } from "../../../base/mod.ts";
import type { Ending } from "./subprocess.ts";

/** What is known of the end of a process beside its status. */
export interface EndCircumstances {
  /** The last lines of its standard error. */
  readonly lastErrors: readonly string[];
  /** Why the worker itself killed it; null: it did not. */
  readonly killedFor: SluiceError | null;
  /** The limit of its heap in MiB. */
  readonly heapLimitMb: number;
}

/** What readers of a task are told whose process has ended before the task did. */
export function endReason({ code, signal }: Ending, circumstances: EndCircumstances): SluiceError {
  const { lastErrors, killedFor, heapLimitMb } = circumstances;
  // First, for V8 takes its time over its last words, and the watchdog may have lost patience meanwhile.
  if (lastErrors.some((line) => /out of memory|reached heap limit/i.test(line))) {
    return new ResourceExhaustedError(`Task process ended: out of memory (heap limit ${heapLimitMb} MB)`);
  }
  if (killedFor) return killedFor;
  if (signal !== null) return new InternalError(`Task process ended: killed by ${signal}`);
  const uncaught = lastErrors.map((line) => /^error: (Uncaught .*)/.exec(line)?.[1]).findLast(Boolean);
  if (code !== 0 && uncaught) return new InternalError(`Task process ended: ${uncaught}`);
  const failure = lastErrors.findLast((line) => line.startsWith("error: "));
  if (code === 1 && failure) return new InternalError(`Task process ended: ${failure.slice(7)}`);
  return new InternalError(`Task process ended: user code called Deno.exit(${code})`);
}
