/** Every row of the table, in its order. */

import type { Row } from "../harness/bench.ts";
import { executorRow } from "./executor.ts";
import { firstElementRow } from "./first_element.ts";
import { heartbeatsRow } from "./heartbeats.ts";
import { inProcessRow } from "./in_process.ts";
import { journalRow } from "./journal.ts";
import { ownRows } from "./own.ts";
import { registryRow } from "./registry.ts";
import { serviceRows } from "./service.ts";
import { startAndMemoryRow } from "./start_and_memory.ts";
import { tensorflowCallRows } from "./tensorflow_calls.ts";
import { tensorflowProgramRows } from "./tensorflow_programs.ts";

/** The rows. */
export const ROWS: readonly Row[] = [
  ...serviceRows,
  firstElementRow,
  startAndMemoryRow,
  inProcessRow,
  ...ownRows,
  executorRow,
  heartbeatsRow,
  registryRow,
  journalRow,
  ...tensorflowCallRows,
  ...tensorflowProgramRows,
];
