/** Finding things in the state: what a request names may be missing, what an update names may not. */

import { InternalError, NotFoundError } from "../../base/mod.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import type { Dataset, Iteration, Job, StateView, Task } from "./state.ts";

/** What the state must hold; a journal that names anything else is not this dispatcher's. */
export function known<V>(value: V | undefined, what: string): V {
  if (value === undefined) throw new InternalError(`Cannot apply an update: ${what} is not known`);
  return value;
}

/** @throws {NotFoundError} if there is no such dataset */
export function datasetOf(state: StateView, id: string): DeepReadonly<Dataset> {
  const dataset = state.datasets.get(id);
  if (dataset) return dataset;
  throw new NotFoundError(
    `Dataset id ${id} not found. It must be registered with \`registerDataset\` before calling \`fromDatasetId\``,
  );
}

/** @throws {NotFoundError} if there is no such job */
export function jobOf(state: StateView, id: number): DeepReadonly<Job> {
  const job = state.jobs.get(id);
  if (job) return job;
  throw new NotFoundError(`Job with id ${id} not found`);
}

/** The job that an iteration of the state is a pass over. */
export function jobOfIteration(state: StateView, iteration: DeepReadonly<Iteration>): DeepReadonly<Job> {
  return known(state.jobs.get(iteration.jobId), `job ${iteration.jobId}`);
}

/** The iteration that a task of the state is part of. */
export function iterationOfTask(state: StateView, task: DeepReadonly<Task>): DeepReadonly<Iteration> {
  return known(state.iterations.get(task.iterationId), `iteration ${task.iterationId}`);
}
