import type { ElementSpec } from "../../element/mod.ts";
import type { WorkerTasks } from "../../worker/mod.ts";

/** The tasks of a Sluice worker, as far as TensorFlow's readers need them. */
export interface ServedTasks
  extends Pick<WorkerTasks, "openStream" | "getElements" | "acknowledge" | "running"> {
  /**
   * The spec of a task's elements.
   *
   * @throws {UnavailableError} if the worker does not have the task
   * @throws what the task's pipeline throws, where its elements have to be seen
   */
  elementSpec(taskId: bigint, signal: AbortSignal): Promise<ElementSpec>;
}
