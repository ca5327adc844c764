import { type Clock, type Log, messageOf, type Timer } from "../../../base/mod.ts";
import type { HostProcess } from "./host_process.ts";

/** What a {@linkcode ProcessPool} works with. */
export interface ProcessPoolOptions {
  /** How many processes without a task are kept ready. */
  readonly size: number;
  /** Starts a process. */
  readonly spawn: () => HostProcess;
  readonly clock: Clock;
  readonly log: Log;
}

// A process that is started while the former one builds its pipeline would take the processor from it.
const REFILL_AFTER_MS = 250;

/** Processes that have been started before anybody needs them. */
export class ProcessPool {
  readonly #options: ProcessPoolOptions;
  #warm: HostProcess[] = [];
  #refill: Timer | null = null;
  #stopped = false;

  /** Makes an empty pool. */
  constructor(options: ProcessPoolOptions) {
    this.#options = options;
  }

  /**
   * Starts what is missing.
   *
   * @throws {PermissionDeniedError} if this program may not start processes
   */
  fill(): void {
    while (!this.#stopped && this.#warm.length < this.#options.size) this.#warm.push(this.#start());
  }

  /** A process without a task: one that is warm where there is one. Throws as {@linkcode ProcessPool.fill} does. */
  take(): HostProcess {
    const process = this.#warm.shift() ?? this.#options.spawn();
    this.#refill ??= this.#options.clock.setTimer(() => {
      this.#refill = null;
      try {
        this.fill();
      } catch (error) {
        this.#warn(error);
      }
    }, REFILL_AFTER_MS);
    return process;
  }

  /** Ends the processes that are warm. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#refill?.clear();
    await Promise.all(this.#warm.splice(0).map((process) => process.stop(null)));
  }

  #start(): HostProcess {
    const process = this.#options.spawn();
    process.ended.then((reason) => {
      const place = this.#warm.indexOf(process);
      if (place < 0) return;
      // It is not replaced before somebody needs one: what ended it would end the next one too, over and over.
      this.#warm.splice(place, 1);
      if (!this.#stopped) this.#warn(reason);
    });
    return process;
  }

  #warn(reason: unknown): void {
    this.#options.log.warn("A task process that was kept ready is gone", { reason: messageOf(reason) });
  }
}
