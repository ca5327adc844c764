import {
  CanceledError,
  type Clock,
  DeadlineExceededError,
  FailedPreconditionError,
  type Log,
  messageOf,
  type Random,
  type Timer,
  UnavailableError,
} from "../base/mod.ts";
import type { ElementSpec } from "../element/mod.ts";
import { type DispatcherClient, type FetchHandler, mountServices } from "../rpc/mod.ts";
import { type DirectAccess, directAccess } from "./direct_access.ts";
import { CompletionReporter } from "./completion_reporter.ts";
import { Heartbeats } from "./heartbeats.ts";
import type { TaskHost } from "./host/task_host.ts";
import { inspectionRoutes } from "./inspection/service.ts";
import { SpecProbe } from "./inspection/spec_probe.ts";
import { taskNotesOf } from "./notes_message.ts";
import { randomId } from "./random_id.ts";
import { FORMATS, graphBytes, type ReceivedTask, receivedTask } from "./received_task.ts";
import { retry } from "./retry.ts";
import { workerHandler, type WorkerTasks } from "./service.ts";
import { TaskSet } from "./task_set.ts";

/** The settings of a worker; all times in milliseconds. */
export interface WorkerSettings {
  /** Longest time between two heartbeats. */
  readonly heartbeatIntervalMs: number;
  /** How long an unreachable dispatcher is tried. */
  readonly dispatcherTimeoutMs: number;
  /** Free labels. */
  readonly workerTags: readonly string[];
  /** How long a stopping worker goes on answering, so that others take note. */
  readonly shutdownQuietPeriodMs: number;
  /** How long a stopping worker that has tasks tries to hand them back to a dispatcher that is away. */
  readonly drainTimeoutMs: number;
}

/** What a worker is made of. */
export interface WorkerOptions {
  /** Its settings, complete and checked. */
  config: WorkerSettings;
  /** The address that readers use; asked for when the worker registers. */
  address: () => string;
  /** Where TensorFlow's programs read the tasks, "host:port"; asked for as the address is. @default nowhere */
  tensorflowAddress?: () => string | undefined;
  /** Times heartbeats, retries and the quiet period. */
  clock: Clock;
  /** Names this run of the worker. */
  random: Random;
  /** Where troubles with the dispatcher and with pipelines are told. */
  log: Log;
  /** The dispatcher that the worker belongs to. */
  dispatcher: DispatcherClient;
  /** Runs the tasks. */
  host: TaskHost;
  /** Called once when the dispatcher wants the worker to end: its tasks are others' by now. @default nothing happens */
  onDrain?: () => void;
}

/** A worker, without the socket that it is reached by. */
export interface Worker {
  /**
   * Resolves when the dispatcher has registered the worker. Idempotent.
   *
   * @throws {FailedPreconditionError} if the dispatcher does not want the worker, or the worker was stopped
   * @throws {UnavailableError} if the dispatcher cannot be reached for `dispatcherTimeoutMs`
   */
  start(): Promise<void>;
  /** Answers a request of WorkerService; null: the path belongs to nobody here. */
  handle(request: Request): Promise<Response> | null;
  /** Refuses new work, takes leave of the dispatcher, ends the tasks, and waits for the quiet period. Idempotent. */
  stop(): Promise<void>;
  /** How many tasks run. */
  numTasks(): number;
  /** Reaches the tasks from within this process. */
  readonly direct: DirectAccess;
  /** The tasks, for those who serve them by another protocol. */
  readonly tasks: WorkerTasks;
  /**
   * The spec of a task's elements; they are looked at where the graph does not tell.
   *
   * @throws {UnavailableError} if the worker does not have the task
   * @throws what {@linkcode SpecProbe.specOf} throws
   */
  elementSpec(taskId: bigint, signal: AbortSignal): Promise<ElementSpec>;
}

// A task may have no reader any more because its pass is over. Its reader takes leave of the dispatcher at the same time.
const ASK_AFTER_MS = 20;

// What a stopping worker may take for its leave, and for pipelines that do not end.
const UNREGISTER_TIMEOUT_MS = 2_000;
const STOP_TASKS_MS = 5_000;

/** Makes a worker; nothing happens before `start`. */
export function createWorker(options: WorkerOptions): Worker {
  return new RunningWorker(options);
}

class RunningWorker implements Worker {
  readonly #options: WorkerOptions;
  readonly #uid: string;
  readonly #abort = new AbortController();
  readonly #tasks: TaskSet;
  readonly #reporter: CompletionReporter;
  readonly #handler: FetchHandler;
  readonly #probe: SpecProbe;
  readonly #inspection: FetchHandler;
  readonly direct: DirectAccess;
  #heartbeats: Heartbeats | null = null;
  #asking: Timer | null = null;
  #isDrained = false;
  #started: Promise<void> | null = null;
  #stopped: Promise<void> | null = null;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { clock, random, log, host } = options;
    this.#uid = randomId(random);
    this.#tasks = new TaskSet({
      host,
      clock,
      random,
      loadGraph: (task, signal) => this.#loadGraph(task, signal),
      onCompleted: (taskId) => this.#reporter.report(taskId),
      told: (taskId, signal) => this.#reporter.told(taskId, signal),
      onAddressed: () => this.#heartbeats?.now(),
      onDeserted: () => this.#askSoon(),
    });
    const { table } = this.#tasks;
    this.#reporter = new CompletionReporter({
      send: (taskId) => this.#sendCompleted(taskId),
      unreported: () => table.unreported(),
      onReported: (taskId) => this.#tasks.reported(taskId),
      clock,
      log,
    });
    this.#handler = workerHandler(this.#tasks);
    this.direct = directAccess(this.#tasks);
    this.#probe = new SpecProbe({ host, clock, signal: this.#abort.signal });
    this.#inspection = mountServices((router) => inspectionRoutes(router, this.#probe));
  }

  get tasks(): WorkerTasks {
    return this.#tasks;
  }

  async elementSpec(taskId: bigint, signal: AbortSignal): Promise<ElementSpec> {
    const state = this.#tasks.table.state(taskId);
    if (state?.kind !== "running") throw new UnavailableError(`Task ${taskId} not found`);
    return await this.#probe.specOf(await this.#loadGraph(state.definition, signal), signal);
  }

  start(): Promise<void> {
    if (this.#stopped) {
      return Promise.reject(new FailedPreconditionError("Cannot start the worker: it has been stopped"));
    }
    return this.#started ??= this.#start();
  }

  handle(request: Request): Promise<Response> | null {
    return this.#handler(request) ?? this.#inspection(request);
  }

  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  numTasks(): number {
    return this.#tasks.table.size;
  }

  async #start(): Promise<void> {
    const { config, clock, random, log, host } = this.#options;
    const { signal } = this.#abort;
    host.prepare?.();
    const firstMs = await retry(() => this.#beat(), {
      clock,
      random,
      log,
      signal,
      timeoutMs: config.dispatcherTimeoutMs,
      what: "register with the dispatcher",
    });
    signal.throwIfAborted();
    this.#heartbeats = new Heartbeats({ beat: () => this.#beat(), firstMs, clock, random, log });
  }

  /** Asks in a moment if tasks are to be ended, instead of keeping them until the next heartbeat. */
  #askSoon(): void {
    this.#asking ??= this.#options.clock.setTimer(() => {
      this.#asking = null;
      this.#heartbeats?.now();
    }, ASK_AFTER_MS);
  }

  /** Sends a heartbeat and does what the answer says; gives the time until the next one. */
  async #beat(): Promise<number> {
    const { config, dispatcher, address, tensorflowAddress, log, onDrain } = this.#options;
    const { signal } = this.#abort;
    const answer = await dispatcher.workerHeartbeat({
      workerAddress: address(),
      workerUid: this.#uid,
      workerTags: [...config.workerTags],
      currentTasks: this.#tasks.table.current(),
      formats: [...FORMATS],
      taskAddresses: this.#tasks.addresses(),
      tensorflowAddress: tensorflowAddress?.() ?? "",
      notes: taskNotesOf(this.#tasks.notes()),
    }, { signal });
    signal.throwIfAborted();
    this.#tasks.heartbeatAnswered({
      newTasks: answer.newTasks.map(receivedTask),
      tasksToDelete: answer.tasksToDelete,
    });
    for (const { taskId, iterationClientIds } of answer.lostClients) {
      this.#tasks.release(taskId, iterationClientIds);
    }
    if (answer.drain && !this.#isDrained) {
      this.#isDrained = true;
      log.info("The dispatcher has given the worker's tasks to others, and wants it to end");
      onDrain?.();
    }
    const timeoutMs = Number(answer.workerTimeoutMs);
    // Two heartbeats fit into the time after which the worker would count as lost.
    return timeoutMs > 0 ? Math.min(config.heartbeatIntervalMs, timeoutMs / 2) : config.heartbeatIntervalMs;
  }

  async #sendCompleted(taskId: bigint): Promise<void> {
    const { dispatcher, address } = this.#options;
    const { signal } = this.#abort;
    try {
      const numDropped = this.#tasks.numDropped(taskId);
      const notes = this.#tasks.notes().get(taskId);
      await dispatcher.workerUpdate({
        workerAddress: address(),
        completedTasks: [taskId],
        ...(numDropped > 0 && { droppedElements: { [String(taskId)]: BigInt(numDropped) } }),
        ...(notes && { notes: taskNotesOf([[taskId, notes]]) }),
      }, { signal });
    } catch (error) {
      this.#heartbeats?.now(); // Whether the dispatcher is gone or has lost its state, it may need to hear of us.
      throw error;
    }
  }

  async #loadGraph(task: ReceivedTask, signal: AbortSignal): Promise<Uint8Array> {
    if (task.dataset) return graphBytes(task.dataset);
    const { config, dispatcher, clock, random, log } = this.#options;
    const { datasetId } = task;
    const { dataset } = await retry(() => dispatcher.getDatasetDef({ datasetId }, { signal }), {
      clock,
      random,
      log,
      signal,
      timeoutMs: config.dispatcherTimeoutMs,
      what: `get dataset ${datasetId}`,
    });
    if (!dataset) {
      throw new FailedPreconditionError(`Cannot run task ${task.taskId}: the dispatcher gave no dataset`);
    }
    return graphBytes(dataset);
  }

  async #stop(): Promise<void> {
    const { config, clock, log, host } = this.#options;
    this.#tasks.refuse();
    this.#heartbeats?.stop();
    this.#asking?.clear();
    this.#reporter.stop();
    this.#abort.abort(new CanceledError("Worker is shutting down"));
    await this.#takeLeave();
    const grace = new AbortController();
    const tooLong = clock.sleep(STOP_TASKS_MS, { signal: grace.signal }).then(
      () => log.warn("Pipelines do not end, going on without them"),
      () => {},
    );
    // The host first: it is not to keep what its tasks leave.
    await Promise.race([Promise.all([host.stop?.(), this.#tasks.stop()]), tooLong]);
    grace.abort();
    if (config.shutdownQuietPeriodMs > 0) await clock.sleep(config.shutdownQuietPeriodMs);
  }

  /** Tells the dispatcher that the worker goes, if it may know of it. */
  async #takeLeave(): Promise<void> {
    if (!this.#started) return;
    const { dispatcher, address, clock, random, log, config } = this.#options;
    const leave = { workerAddress: address(), workerUid: this.#uid };
    // A dispatcher that starts again gives the tasks to others as soon as it hears of this; else they wait until the
    // worker counts as lost. Without tasks nobody waits.
    const hasTasks = this.#heartbeats !== null && this.#tasks.table.current().length > 0;
    try {
      await retry(
        () =>
          dispatcher.unregisterWorker(leave, { timeoutMs: UNREGISTER_TIMEOUT_MS }).catch((error) => {
            if (error instanceof DeadlineExceededError) {
              throw new UnavailableError(error.message, { cause: error });
            }
            throw error;
          }),
        {
          clock,
          random,
          log,
          signal: new AbortController().signal,
          timeoutMs: hasTasks ? config.drainTimeoutMs : 0,
          what: "hand the tasks back to the dispatcher",
        },
      );
    } catch (error) {
      log.info("The dispatcher has not heard that the worker goes", { reason: messageOf(error) });
    }
  }
}
