/** The shell around {@linkcode RemovalBarrier}: consumers that wait for one another. */

import type { Clock } from "../base/mod.ts";
import type { Handler } from "./core/decision.ts";
import { findRemovable, type MaybeRemoveTaskRequest, removeTask } from "./core/maybe_remove_task.ts";
import { RemovalBarrier } from "./core/removal_barrier.ts";

/** How long a consumer waits for the others, in milliseconds. */
export const REMOVAL_WAIT_MS = 10_000;

/** How long after a worker was given a task nobody gives it up, in milliseconds: failures may be from before. */
const GIVEN_MS = 1_000;

/** What a consumer is answered. */
export interface Removal {
  readonly removed: boolean;
  /** Elements of the task in this and later rounds are dropped. */
  readonly removedRound: number;
}

/** What {@linkcode TaskRemovals} work with. */
export interface TaskRemovalsOptions {
  readonly clock: Clock;
  /** Aborted when the dispatcher stops. */
  readonly signal: AbortSignal;
  /** Runs an event. */
  run<Q, R>(handler: Handler<Q, R>, request: Q): Promise<R>;
}

type Verdict = { readonly kind: "agreed"; readonly round: number } | { readonly kind: "refused" };

interface Meeting {
  readonly barrier: RemovalBarrier;
  readonly waiting: Map<number, (verdict: Verdict) => void>;
}

const REFUSED: Verdict = { kind: "refused" };

/** Lets consumers that cannot reach a task's worker agree on doing without it. What waits here is not journaled. */
export class TaskRemovals {
  readonly #options: TaskRemovalsOptions;
  readonly #meetings = new Map<number, Meeting>();
  /** When workers were given tasks, those of the last {@linkcode GIVEN_MS} at least, oldest first. */
  readonly #given = new Map<number, number>();

  /** Nobody waits. */
  constructor(options: TaskRemovalsOptions) {
    this.#options = options;
  }

  /**
   * Waits for the other consumers, {@linkcode REMOVAL_WAIT_MS} at most. `signal`: the consumer has hung up.
   *
   * @throws {FailedPreconditionError} if the task is not read in rounds, or has no such consumer
   */
  async maybeRemove(request: MaybeRemoveTaskRequest, signal: AbortSignal): Promise<Removal> {
    const { run } = this.#options;
    const found = await run(findRemovable, request);
    if (found.kind === "removed") return { removed: true, removedRound: found.round };
    const verdict = await this.#meet(request, found.numConsumers, signal);
    if (verdict.kind === "refused") return { removed: false, removedRound: 0 };
    // Each of them runs it: the first removes the task, and none is answered before that is durable.
    const removedRound = await run(removeTask, { taskId: request.taskId, round: verdict.round });
    return { removed: true, removedRound };
  }

  /**
   * A worker begins these tasks, perhaps anew: whoever has given one up should try again. The others may have reached
   * it already, and would not come here.
   */
  begun(taskIds: Iterable<number>): void {
    const now = this.#options.clock.now();
    for (const [taskId, at] of this.#given) {
      if (now - at < GIVEN_MS) break;
      this.#given.delete(taskId);
    }
    for (const taskId of taskIds) {
      this.#given.delete(taskId);
      this.#given.set(taskId, now);
      const meeting = this.#meetings.get(taskId);
      this.#meetings.delete(taskId);
      for (const tell of meeting?.waiting.values() ?? []) tell(REFUSED);
    }
  }

  async #meet(request: MaybeRemoveTaskRequest, numConsumers: number, signal: AbortSignal): Promise<Verdict> {
    const { taskId, consumerIndex } = request;
    if (this.#options.clock.now() - (this.#given.get(taskId) ?? -Infinity) < GIVEN_MS) return REFUSED;
    const meeting = this.#meetings.get(taskId) ?? {
      barrier: new RemovalBarrier(numConsumers),
      waiting: new Map<number, (verdict: Verdict) => void>(),
    };
    this.#meetings.set(taskId, meeting);
    const { barrier, waiting } = meeting;
    waiting.get(consumerIndex)?.(REFUSED); // It has asked again, so it hears the former answer no more.
    const arrival = barrier.arrive(consumerIndex, request);
    if (arrival.kind !== "waiting") {
      this.#meetings.delete(taskId);
      const verdict = arrival.kind === "agreed" ? arrival : REFUSED;
      for (const tell of waiting.values()) tell(verdict);
      return verdict;
    }
    return await this.#wait(meeting, taskId, consumerIndex, signal);
  }

  #wait(
    { barrier, waiting }: Meeting,
    taskId: number,
    consumerIndex: number,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const { clock, signal: stopping } = this.#options;
    return new Promise((resolve) => {
      const tell = (verdict: Verdict) => {
        timer.clear();
        signal.removeEventListener("abort", leave);
        stopping.removeEventListener("abort", leave);
        if (waiting.get(consumerIndex) === tell) waiting.delete(consumerIndex);
        resolve(verdict);
      };
      const leave = () => {
        barrier.leave(consumerIndex);
        if (barrier.isEmpty && this.#meetings.get(taskId)?.barrier === barrier) this.#meetings.delete(taskId);
        tell(REFUSED);
      };
      const timer = clock.setTimer(leave, REMOVAL_WAIT_MS);
      waiting.set(consumerIndex, tell);
      signal.addEventListener("abort", leave, { once: true });
      stopping.addEventListener("abort", leave, { once: true });
      if (signal.aborted || stopping.aborted) leave();
    });
  }
}
