/**
 * The program of a task's process. A worker starts it and talks with it over its standard input and output; see
 * `src/worker/host/process/messages.ts`.
 *
 * @module
 */
import { runTask } from "./run_task.ts";

if (import.meta.main) {
  await runTask();
  Deno.exit(0);
}
