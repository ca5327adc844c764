/** What a worker knows of its tasks. It decides only: the commands that it gives are for its holder to carry out. */

/** What tells one task from another; ids alone do not, as a dispatcher that lost its state gives them out again. */
export interface TaskIdentity {
  /** Its number. */
  readonly taskId: bigint;
  /** The iteration that it is part of. */
  readonly iterationId: bigint;
  /** What it processes. */
  readonly datasetId: string;
}

/** The state of a task. A task that is in no state is not known: its reader tries again later. */
export type TaskState<D> =
  /** The dispatcher wants it run. Left when its last block is taken, or when the dispatcher ends it. */
  | { readonly kind: "running"; readonly definition: D }
  /**
   * Its last block is taken; readers that come late get the empty rest. Until it is `reported` the dispatcher has
   * not heard of that. Left when the dispatcher gives out the id again.
   */
  | { readonly kind: "completed"; readonly iterationId: bigint; reported: boolean }
  /**
   * The reader that it was there for has left, and nobody else was reading it; readers that come later are told so.
   * Left when the dispatcher, which still counts it as running, ends it or its iteration.
   */
  | { readonly kind: "abandoned"; readonly definition: D }
  /** The dispatcher ended it; readers that come late are told so. Left when the dispatcher gives out the id again. */
  | { readonly kind: "deleted" };

/** What is to be done. */
export type TaskCommand<D> =
  /** Make the task ready to be read. */
  | { readonly kind: "start"; readonly definition: D }
  /** Stop the task: whoever reads it is told that it was ended. */
  | { readonly kind: "stop"; readonly taskId: bigint };

/** What a heartbeat's answer asks for. */
export interface HeartbeatOrders<D> {
  readonly newTasks: readonly D[];
  readonly tasksToDelete: readonly bigint[];
}

/** Most tasks that are remembered after their end. A reader that comes later than that finds its task unknown. */
const MAX_ENDED_TASKS = 10_000;

/** The worker's tasks, those that ended lately included. */
export class TaskTable<D extends TaskIdentity> {
  readonly #maxEnded: number;
  #tasks = new Map<bigint, TaskState<D>>();
  /** The tasks of `#tasks` that have ended and need not be reported, oldest first. */
  #ended = new Set<bigint>();

  /** Makes an empty table that remembers the last `maxEnded` tasks that ended. */
  constructor({ maxEnded = MAX_ENDED_TASKS }: { maxEnded?: number } = {}) {
    this.#maxEnded = maxEnded;
  }

  /** How many tasks are running. */
  get size(): number {
    return this.running().length;
  }

  /** The definitions of the tasks that are running. */
  running(): D[] {
    return [...this.#tasks.values()].flatMap((state) => state.kind === "running" ? [state.definition] : []);
  }

  /** The state of a task, or undefined if it is not known. */
  state(taskId: bigint): TaskState<D> | undefined {
    return this.#tasks.get(taskId);
  }

  /** The tasks that the dispatcher must not hand over again: those running, and those whose end it has not heard of. */
  current(): bigint[] {
    return [...this.#tasks].flatMap(([id, state]) =>
      state.kind === "running" || state.kind === "abandoned" ||
        (state.kind === "completed" && !state.reported)
        ? [id]
        : []
    );
  }

  /** The completed tasks of which the dispatcher has not heard. */
  unreported(): bigint[] {
    return [...this.#tasks].flatMap(([id, state]) =>
      state.kind === "completed" && !state.reported ? [id] : []
    );
  }

  /** The dispatcher hands over a task. One that is there already is no error: it may come by two ways. */
  add(definition: D): TaskCommand<D>[] {
    const { taskId } = definition;
    const state = this.#tasks.get(taskId);
    const isKnown = state?.kind === "running" || state?.kind === "abandoned";
    if (isKnown && sameTask(state.definition, definition)) return [];
    if (state?.kind === "completed" && !state.reported && state.iterationId === definition.iterationId) {
      return [];
    }
    this.#ended.delete(taskId);
    this.#tasks.delete(taskId);
    this.#tasks.set(taskId, { kind: "running", definition });
    const start = { kind: "start" as const, definition };
    return state?.kind === "running" ? [{ kind: "stop", taskId }, start] : [start];
  }

  /** A heartbeat was answered. What it ends is ended first, as the same answer may give out its id again. */
  heartbeatAnswered({ newTasks, tasksToDelete }: HeartbeatOrders<D>): TaskCommand<D>[] {
    return [
      ...tasksToDelete.flatMap((id) => this.#delete(id)),
      ...newTasks.flatMap((task) => this.add(task)),
    ];
  }

  #delete(taskId: bigint): TaskCommand<D>[] {
    const state = this.#tasks.get(taskId);
    if (!state) return [];
    if (state.kind === "running") {
      this.#end(taskId);
      return [{ kind: "stop", taskId }];
    }
    if (state.kind === "abandoned") this.#end(taskId);
    this.reported([taskId]); // The dispatcher knows nothing of it any more: there is nobody to tell.
    return [];
  }

  #end(taskId: bigint): void {
    this.#tasks.set(taskId, { kind: "deleted" });
    this.#remember(taskId);
  }

  /** Nobody is going to read the task any more. */
  abandon(taskId: bigint): TaskCommand<D>[] {
    const state = this.#tasks.get(taskId);
    if (state?.kind !== "running") return [];
    this.#tasks.set(taskId, { kind: "abandoned", definition: state.definition });
    return [{ kind: "stop", taskId }];
  }

  /** The task's last block is taken. Says whether the dispatcher is to be told: not if the task has ended before. */
  complete(taskId: bigint): boolean {
    const state = this.#tasks.get(taskId);
    if (state?.kind !== "running") return false;
    this.#tasks.set(taskId, {
      kind: "completed",
      iterationId: state.definition.iterationId,
      reported: false,
    });
    return true;
  }

  /** The dispatcher has heard of the end of these tasks. */
  reported(taskIds: readonly bigint[]): void {
    for (const taskId of taskIds) {
      const state = this.#tasks.get(taskId);
      if (state?.kind !== "completed" || state.reported) continue;
      state.reported = true;
      this.#remember(taskId);
    }
  }

  #remember(taskId: bigint): void {
    this.#ended.add(taskId);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= this.#maxEnded) return;
      this.#ended.delete(oldest);
      this.#tasks.delete(oldest);
    }
  }
}

function sameTask(a: TaskIdentity, b: TaskIdentity): boolean {
  return a.iterationId === b.iterationId && a.datasetId === b.datasetId;
}
