/** The core: runs handlers and folds what they decide into the state. No waiting, no clock, no chance. */

import { apply } from "./apply.ts";
import type { Command, Context, Decision, Handler, LivenessView, Outlives } from "./decision.ts";
import { recoveryTasks } from "./recovery_tasks.ts";
import type { DispatcherSettings } from "./settings.ts";
import { createState, type DispatcherState, type StateView } from "./state.ts";
import type { TaskNotes } from "./task_notes.ts";
import type { Update } from "./updates.ts";

/** What came of a request. */
export interface Outcome<R> {
  readonly reply: R;
  /** To be durable before anybody sees the reply; applied already. */
  readonly updates: readonly Update[];
  /** What they have to survive by then. */
  readonly outlives: Outlives;
  /** To be run after that. */
  readonly commands: readonly Command[];
}

/** A dispatcher without its shell. */
export class DispatcherCore {
  readonly #state = createState();
  readonly #liveness = {
    workers: new Map<string, number>(),
    clients: new Map<number, number>(),
    rounds: new Map<number, number>(),
    notes: new Map<string, ReadonlyMap<number, TaskNotes>>(),
    starved: new Map<number, Map<number, number>>(),
  };
  readonly #settings: DispatcherSettings;
  readonly #durable: boolean;

  /** Starts with an empty state. `durable`: whether the journal outlives the process. */
  constructor(settings: DispatcherSettings, options: { durable: boolean }) {
    this.#settings = settings;
    this.#durable = options.durable;
  }

  /** What workers last said of the tasks that they have. */
  get notes(): LivenessView["notes"] {
    return this.#liveness.notes;
  }

  /** What has become of all updates so far. */
  get state(): StateView {
    return this.#state;
  }

  /** Takes a state from the journal, before any update; it is the core's from now on. */
  restore(state: DispatcherState): void {
    // In place: others hold the object already.
    Object.assign(this.#state, state);
  }

  /** Takes an update from the journal. */
  replay(update: Update): void {
    apply(this.#state, update);
  }

  /** Ends the replay: everybody known counts as just heard of. */
  recovered(now: number): void {
    for (const worker of this.#state.workers.values()) {
      if (worker.lostAt === null) this.#liveness.workers.set(worker.address, now);
    }
    for (const id of this.#state.clients.keys()) this.#liveness.clients.set(id, now);
  }

  /** Does not count `ms` of the silence or the waiting of anybody: the dispatcher itself was held up and heard nothing. */
  excuse(ms: number): void {
    const { workers, clients, starved } = this.#liveness;
    for (const times of [workers, clients, ...starved.values()] as Map<unknown, number>[]) {
      for (const [who, at] of times) times.set(who, at + ms);
    }
  }

  /** Decides on a request at time `now` and applies the decision. Throws what the handler throws; nothing has changed then. */
  handle<Q, R>(handler: Handler<Q, R>, request: Q, now: number): Outcome<R> {
    const context: Context = {
      state: this.#state,
      liveness: this.#liveness,
      settings: this.#settings,
      now,
      durable: this.#durable,
    };
    const { updates, reply, outlives = "machine", commands = [], heard, progressed } = handler(
      context,
      request,
    );
    this.#apply(updates);
    for (const taskId of progressed ?? []) this.#liveness.starved.delete(taskId);
    if (heard) this.#hear(heard, now);
    if (this.#state.needy.size === 0) return { reply: reply(this.#state), updates, outlives, commands };
    // Whatever happened may have left something to be leased again, or brought a worker for it.
    const tasks = recoveryTasks(context);
    this.#apply(tasks);
    return {
      reply: reply(this.#state),
      updates: [...updates, ...tasks],
      outlives: tasks.length > 0 ? "machine" : outlives,
      commands: [...commands, ...tasks.map(({ taskId }) => ({ kind: "pushTask" as const, taskId }))],
    };
  }

  #apply(updates: readonly Update[]): void {
    for (const update of updates) {
      apply(this.#state, update);
      this.#forget(update);
    }
  }

  #hear(heard: NonNullable<Decision<unknown>["heard"]>, now: number): void {
    const { workers, clients, rounds } = this.#liveness;
    if ("worker" in heard) {
      workers.set(heard.worker, now);
      if (heard.notes?.size) this.#liveness.notes.set(heard.worker, heard.notes);
      else this.#liveness.notes.delete(heard.worker);
      return;
    }
    const { client, graceMs = 0, round, starved } = heard;
    clients.set(client, now + graceMs);
    if (starved) this.#hearStarved(client, starved, now);
    if (round !== undefined) rounds.set(client, Math.max(round, rounds.get(client) ?? round));
  }

  #hearStarved(client: number, tasks: readonly number[], now: number): void {
    const { starved } = this.#liveness;
    this.#forgetStarved(client, new Set(tasks));
    for (const taskId of tasks) {
      const since = starved.get(taskId) ?? new Map<number, number>();
      if (!since.has(client)) since.set(client, now);
      starved.set(taskId, since);
    }
  }

  /** A client waits for no tasks any more but those in `still`. */
  #forgetStarved(client: number, still: ReadonlySet<number>): void {
    const { starved } = this.#liveness;
    for (const [taskId, since] of starved) {
      if (!still.has(taskId) && since.delete(client) && since.size === 0) starved.delete(taskId);
    }
  }

  #forget(update: Update): void {
    if (update.type === "releaseClient") {
      this.#forgetStarved(update.clientId, new Set());
      this.#liveness.clients.delete(update.clientId);
      this.#liveness.rounds.delete(update.clientId);
    } else if (update.type === "loseWorker" || update.type === "removeWorker") {
      this.#liveness.workers.delete(update.address);
      this.#liveness.notes.delete(update.address);
    }
  }
}
