/** What a handler of the core takes and gives. */

import type { DeepReadonly } from "./deep_readonly.ts";
import type { DispatcherSettings } from "./settings.ts";
import type { StateView } from "./state.ts";
import type { TaskNotes } from "./task_notes.ts";
import type { Update } from "./updates.ts";

/** When workers and clients were last heard of. Not journaled: a restarted dispatcher grants everybody a full timeout. */
export interface LivenessView {
  /** Times of the last heartbeats by address, in milliseconds since the epoch. */
  readonly workers: ReadonlyMap<string, number>;
  /** The same by client id; one that has not begun is missing. */
  readonly clients: ReadonlyMap<number, number>;
  /** The last round that a consumer of a coordinated read is known to have begun, by client id. */
  readonly rounds: ReadonlyMap<number, number>;
  /** What workers last said of their tasks, by address and task id. */
  readonly notes: ReadonlyMap<string, ReadonlyMap<number, TaskNotes>>;
  /** By task and client, since when readers wait for elements of tasks that make no progress. */
  readonly starved: ReadonlyMap<number, ReadonlyMap<number, number>>;
}

/** What a handler sees beside its request. */
export interface Context {
  readonly state: StateView;
  readonly liveness: LivenessView;
  readonly settings: DeepReadonly<DispatcherSettings>;
  /** The time, in milliseconds since the epoch. */
  readonly now: number;
  /** Whether the state outlives the dispatcher; only messages depend on it. */
  readonly durable: boolean;
}

/** Something to be done outside once the updates are durable. */
export type Command = {
  /** Hand a task to its worker now, instead of with its next heartbeat. */
  readonly kind: "pushTask";
  readonly taskId: number;
};

/** What an update is safe from: the end of this process, or also the end of the machine's power. */
export type Outlives = "process" | "machine";

/** What a handler decided. */
export interface Decision<R> {
  /** What happened; applied in order, all or none. */
  readonly updates: readonly Update[];
  /** Reads the reply off the state that the updates led to. */
  reply(state: StateView): R;
  /** What the updates have to survive before anybody sees the reply. @default "machine" */
  readonly outlives?: Outlives;
  /** @default none */
  readonly commands?: readonly Command[];
  /**
   * Whom it was that spoke; of a client's heartbeat, also which tasks it waits for in vain. `graceMs`: how much longer
   * than the timeout its silence may last now.
   */
  readonly heard?:
    | { readonly worker: string; readonly notes?: ReadonlyMap<number, TaskNotes> }
    | {
      readonly client: number;
      readonly graceMs?: number;
      readonly round?: number;
      readonly starved?: readonly number[];
    };
  /** Tasks that have made progress. */
  readonly progressed?: readonly number[];
}

/** Decides on a request without changing anything. Throws one of Sluice's errors to refuse it. */
export type Handler<Q, R> = (context: Context, request: Q) => Decision<R>;

/** The decision that changes nothing. */
export function answer<R>(value: R): Decision<R> {
  return { updates: [], reply: () => value };
}
