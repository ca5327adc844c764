import { messageOf } from "../../../src/base/mod.ts";
import type { Bench, Row } from "./bench.ts";
import type { Progress } from "../../support/progress.ts";
import type { Result } from "./result.ts";

/** What came of the rows. */
export interface Outcome {
  results: Result[];
  /** Rows that could not be measured, and why. */
  failures: { row: string; error: string }[];
}

/** What the table can say of a failure without being lost among it. */
const MAX_ERROR_CHARACTERS = 500;

/**
 * Runs rows one after another; one that fails does not keep the others from running. What was measured before the
 * signal ended the run is in the outcome all the same.
 */
export async function runRows(
  rows: readonly Row[],
  bench: Omit<Bench, "progress">,
  progress: Progress,
): Promise<Outcome> {
  const outcome: Outcome = { results: [], failures: [] };
  for (const [index, row] of rows.entries()) {
    const show = (what: string) => progress.show(`[${index + 1}/${rows.length}] ${row.name}: ${what}`);
    try {
      outcome.results.push(...await row.run({ ...bench, progress: show }));
    } catch (error) {
      if (bench.signal.aborted) break;
      outcome.failures.push({ row: row.name, error: messageOf(error).slice(0, MAX_ERROR_CHARACTERS) });
    }
  }
  progress.clear();
  return outcome;
}
