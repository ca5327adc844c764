/** What readers say in their heartbeats of the tasks that track provenance. */

import type { ConsumedSource } from "../../element/mod.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { newsFor, type Rests } from "./rests.ts";
import type { Iteration, StateView } from "./state.ts";
import type { Consume, LeaveTask } from "./updates.ts";

/** What a reader has got of a task. */
export interface TaskConsumption {
  readonly taskId: number;
  readonly consumed: readonly ConsumedSource[];
}

/** What a reader says. */
export interface ConsumptionReport {
  /** What it has got since its last heartbeat that was answered; what was said before does not count twice. */
  readonly consumed: readonly TaskConsumption[];
  /** Lost tasks of which it takes nothing more. */
  readonly leftTasks: readonly number[];
}

/** What is new in a reader's report. What it says of tasks that are not known, or known to be taken, is left aside. */
export function consumption(
  state: StateView,
  clientId: number,
  iteration: DeepReadonly<Iteration>,
  { consumed, leftTasks }: ConsumptionReport,
): (Consume | LeaveTask)[] {
  const { recovery } = iteration;
  if (recovery === null) return [];
  const updates: (Consume | LeaveTask)[] = [];
  for (const { taskId, consumed: parts } of consumed) {
    const rests = restsOf(state, iteration, taskId);
    const news = parts.flatMap((part) => {
      const rest = rests?.[part.source];
      return (rest && newsFor(rest, part)) ?? [];
    });
    if (news.length > 0) updates.push({ type: "consume", clientId, taskId, consumed: news });
  }
  for (const taskId of new Set(leftTasks)) {
    if (recovery.lost.get(taskId)?.awaits.has(clientId)) {
      updates.push({ type: "leaveTask", clientId, taskId });
    }
  }
  return updates;
}

function restsOf(
  state: StateView,
  { id, recovery }: DeepReadonly<Iteration>,
  taskId: number,
): readonly DeepReadonly<Rests>[] | undefined {
  const task = state.tasks.get(taskId);
  if (task && !task.finished) {
    return task.iterationId === id ? task.leases.map(({ rests }) => rests) : undefined;
  }
  return recovery?.lost.get(taskId)?.rests ?? recovery?.unclaimed.get(taskId);
}
