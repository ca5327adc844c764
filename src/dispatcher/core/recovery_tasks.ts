/** Makes the tasks that recovery needs, on workers that are there. */

import type { Context } from "./decision.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { lacksTask } from "./apply_recovery.ts";
import { datasetOf, jobOfIteration, known } from "./lookup.ts";
import { canRun, makeTask } from "./make_task.ts";
import type { Iteration, Worker } from "./state.ts";
import type { CreateTask } from "./updates.ts";

/**
 * A task for each iteration that needs one and has a worker for it: the one with the fewest tasks, if there is a choice
 * another one than the worker that had what is pending. What a worker that is to come can take waits for it.
 */
export function recoveryTasks(context: Context): CreateTask[] {
  const { state, settings } = context;
  const updates: CreateTask[] = [];
  for (const iterationId of state.needy) {
    const iteration = known(state.iterations.get(iterationId), `iteration ${iterationId}`);
    const worker = chooseWorker(context, iteration);
    if (!worker) continue;
    const job = jobOfIteration(state, iteration);
    const taskId = state.next.task + updates.length;
    // Whoever gets only what is left ends when there is no more of it; the others go on with the sources.
    const restOnly = !lacksTask(state, iteration);
    updates.push({
      ...makeTask(settings, job, { iterationId, taskId }, worker),
      ...(restOnly && { restOnly }),
    });
  }
  return updates;
}

function chooseWorker(
  { state, settings }: Context,
  iteration: DeepReadonly<Iteration>,
): DeepReadonly<Worker> | null {
  const job = jobOfIteration(state, iteration);
  const { format } = datasetOf(state, job.datasetId);
  const avoided = (worker: DeepReadonly<Worker>) => worker.address === iteration.recovery?.avoid ? 1 : 0;
  let best: DeepReadonly<Worker> | null = null;
  for (const worker of state.workers.values()) {
    if (worker.lostAt !== null || !canRun(settings, job, worker, format)) continue;
    const isBetter = !best || avoided(worker) < avoided(best) ||
      (avoided(worker) === avoided(best) && worker.tasks.size < best.tasks.size);
    if (isBetter) best = worker;
  }
  return best;
}
