import { InvalidArgumentError } from "../base/mod.ts";
import {
  type ClientHeartbeatResponse,
  DeploymentMode,
  type TaskInfo,
} from "../gen/sluice/v1/dispatcher_pb.ts";
import type { DataServiceOptions } from "../graph/mod.ts";
import {
  isColocatedWorker,
  isOwnTask,
  isTarget,
  needsLocalWorkers,
  noLocalWorkerMessage,
  type TargetRules,
} from "./core/target_tasks.ts";
import { type LocalWorker, type LocalWorkers, localWorkers } from "./local_workers.ts";

/** The tasks that a reader reads, of those that its dispatcher lists. */
export interface Targets {
  readonly tasks: readonly TaskInfo[];
  /** Whether tasks were left out: the end of the iteration is not this reader's end then. */
  readonly isSubset: boolean;
}

/** Chooses a reader's tasks by `targetWorkers`, the workers' tags and the deployment mode. */
export class TaskTargets {
  readonly #options: DataServiceOptions;
  readonly #workers: LocalWorkers;
  /** Addresses of workers that are read without the network. */
  readonly #own = new Set<string>();
  /** Tasks that end with this reader. */
  readonly #deletable = new Map<bigint, string>();

  /** For one reader. */
  constructor(options: DataServiceOptions, workers = localWorkers) {
    this.#options = options;
    this.#workers = workers;
  }

  /** @throws {InvalidArgumentError} if the reader may read from local workers only, and there is none */
  check(state: ClientHeartbeatResponse): void {
    const rules = this.#rules(state);
    if (needsLocalWorkers(rules) && this.#workers.isEmpty) {
      throw new InvalidArgumentError(noLocalWorkerMessage(rules));
    }
  }

  /** The tasks to be read. */
  choose(state: ClientHeartbeatResponse): Targets {
    const rules = this.#rules(state);
    const tasks = state.tasks.filter((task) => {
      const candidate = { address: task.workerAddress, tags: task.workerTags };
      const isLocal = this.#workers.get(candidate.address) !== undefined;
      if (isOwnTask(candidate, isLocal, rules)) {
        this.#own.add(candidate.address);
        if (rules.target === "LOCAL" || isColocatedWorker(candidate)) {
          this.#deletable.set(task.taskId, candidate.address);
        }
      }
      // A worker of this process that has stopped since must not become somebody else's.
      return isTarget(candidate, isLocal || this.#own.has(candidate.address), rules);
    });
    return { tasks, isSubset: tasks.length < state.tasks.length };
  }

  /** The worker at an address, if it is read without the network. */
  local(address: string): LocalWorker | undefined {
    return this.#own.has(address) ? this.#workers.get(address) : undefined;
  }

  /** The reader leaves: ends the tasks that were there for it alone. Never rejects. */
  async deleteTasks(): Promise<void> {
    await Promise.all([...this.#deletable].map(async ([task, address]) => {
      // A worker that cannot end a task is ending itself.
      await this.#workers.get(address)?.deleteTask(task).catch(() => {});
    }));
  }

  #rules({ deploymentMode }: ClientHeartbeatResponse): TargetRules {
    const { targetWorkers, shardingPolicy, numConsumers } = this.#options;
    return {
      target: targetWorkers,
      policy: shardingPolicy,
      isCoordinated: numConsumers !== null,
      isColocated: deploymentMode === DeploymentMode.COLOCATED,
    };
  }
}
