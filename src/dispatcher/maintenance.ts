/** What the dispatcher does by the clock. */

import { type Clock, type Log, messageOf, type Timer } from "../base/mod.ts";
import type { DispatcherCore } from "./core/core.ts";
import type { DispatcherSettings } from "./core/settings.ts";
import { checkLiveness, collectGarbage, confirmWorker, loseWorker } from "./core/tick.ts";
import { every } from "./every.ts";
import type { Loop } from "./loop.ts";
import type { LinkTo } from "./worker_link.ts";
import { probeWorker } from "./probe_worker.ts";

/** How many times within a timeout it is looked whether it has passed. */
const CHECKS_PER_TIMEOUT = 4;

/** What maintenance works with. */
export interface MaintenanceOptions {
  core: DispatcherCore;
  loop: Loop;
  clock: Clock;
  log: Log;
  settings: DispatcherSettings;
  linkTo: LinkTo;
  /** Ends everything. */
  signal: AbortSignal;
}

/** Looks after workers, clients and garbage until its signal is aborted. */
export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #timers: Timer[];
  #isPaused = false;
  /** Silent workers that are being tried. */
  readonly #probing = new Set<string>();

  /** Sets the timers. */
  constructor(options: MaintenanceOptions) {
    this.#options = options;
    const { clock, settings } = options;
    const { workerTimeoutMs, clientTimeoutMs, leaseTimeoutMs } = settings;
    const shortest = Math.min(
      workerTimeoutMs,
      clientTimeoutMs,
      leaseTimeoutMs < 0 ? Infinity : leaseTimeoutMs,
    );
    this.#timers = [
      every(
        clock,
        Math.max(1, shortest / CHECKS_PER_TIMEOUT),
        (lateMs) => this.#guard(() => this.#checkLiveness(lateMs)),
      ),
      every(clock, settings.jobGcCheckIntervalMs, () => this.#guard(() => this.#collectGarbage())),
    ];
  }

  /** Looks after nothing until {@linkcode Maintenance.resume}: what it would find could not be kept. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Goes on. */
  resume(): void {
    this.#isPaused = false;
  }

  /** Sets no timer any more; what is under way ends by the signal. */
  stop(): void {
    for (const timer of this.#timers) timer.clear();
  }

  async #guard(job: () => Promise<void>): Promise<void> {
    if (this.#isPaused) return;
    try {
      await job();
    } catch (error) {
      if (this.#options.signal.aborted || this.#isPaused) return;
      this.#options.log.warn(`Cannot look after the dispatcher's state: ${messageOf(error)}`);
    }
  }

  async #checkLiveness(lateMs: number): Promise<void> {
    const { core, loop, log, settings: { clientTimeoutMs } } = this.#options;
    core.excuse(lateMs);
    const { silentWorkers, releasedClients, stalledTasks } = await loop.run(checkLiveness, null);
    for (const { taskId, worker } of stalledTasks) {
      log.warn("Took a task from a worker that made no progress with it", { task: taskId, worker });
    }
    for (const client of releasedClients) {
      log.info("Released a silent client", { client, timeoutMs: clientTimeoutMs });
    }
    for (const worker of silentWorkers) {
      if (this.#probing.has(worker)) continue;
      this.#probing.add(worker);
      // Not awaited: a worker that hangs must not keep the others from being looked after.
      this.#guard(() => this.#tryWorker(worker)).finally(() => this.#probing.delete(worker));
    }
  }

  async #tryWorker(worker: string): Promise<void> {
    const { loop, log, settings: { workerTimeoutMs }, linkTo, signal } = this.#options;
    const answers = await probeWorker(worker, { log, linkTo, workerTimeoutMs, signal });
    if (signal.aborted) return;
    if (answers) await loop.run(confirmWorker, worker);
    else if (await loop.run(loseWorker, worker)) {
      log.warn("A worker is lost: it sent no heartbeat in time", { worker, timeoutMs: workerTimeoutMs });
    }
  }

  async #collectGarbage(): Promise<void> {
    const { loop, log } = this.#options;
    for (const iteration of await loop.run(collectGarbage, null)) {
      log.info("Collected an iteration that nobody reads", { iteration });
    }
  }
}
