/** What a reader is told: in its heartbeats, and when it joins. */

import type { Client, Iteration, StateView } from "./state.ts";
import { type TaskInfo, taskList } from "./task_view.ts";
import { known } from "./lookup.ts";
import { hasMore } from "./recovery.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { proposal } from "./rounds.ts";

/** What a reader should read. */
export interface ClientView {
  /** The tasks that are not gone, ended ones included; none for a reader that came after the end. */
  readonly tasks: readonly TaskInfo[];
  /** Readers have taken the last element. */
  readonly finished: boolean;
  /** For coordinated reads: the round before which the reader is to stop, if it has not begun it. @default none */
  readonly blockRound?: number;
  /** Lost tasks of which the reader has not said yet that it takes nothing more. @default none */
  readonly lostTasks?: readonly number[];
  /** Elements of lost tasks are to be given out again: this is not the end. @default false */
  readonly recovering?: boolean;
  /** How many readers the iteration has. */
  readonly readers: number;
}

const NO_TASKS: readonly TaskInfo[] = [];

/** What the client `id` should read. */
export function clientView(state: StateView, id: number): ClientView {
  const client: DeepReadonly<Client> = known(state.clients.get(id), `client ${id}`);
  const iteration = known(state.iterations.get(client.iterationId), `iteration ${client.iterationId}`);
  return {
    tasks: client.late ? NO_TASKS : taskList(state, iteration),
    finished: iteration.finished,
    readers: iteration.clients,
    ...proposal(iteration),
    ...(hasMore(iteration) && { recovering: true, lostTasks: lostTasks(iteration, id) }),
  };
}

/** The lost tasks that await a client. */
export function lostTasks({ recovery }: DeepReadonly<Iteration>, clientId: number): number[] {
  return [...recovery?.lost ?? []].filter(([, { awaits }]) => awaits.has(clientId)).map(([taskId]) => taskId);
}
