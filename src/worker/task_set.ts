import {
  assertNever,
  CanceledError,
  type Clock,
  FailedPreconditionError,
  NotFoundError,
  type Random,
  UnavailableError,
} from "../base/mod.ts";
import type { TaskDef } from "../gen/sluice/v1/dispatcher_pb.ts";
import type { WireBatch } from "../rpc/mod.ts";
import { type HeartbeatOrders, type TaskCommand, type TaskIdentity, TaskTable } from "./core/task_table.ts";
import type { GraphLoader, TaskHandle, TaskHost } from "./host/task_host.ts";
import { randomId } from "./random_id.ts";
import { type ReceivedTask, receivedTask } from "./received_task.ts";
import { emptyBatch } from "./runners/element_stream.ts";
import type { ElementReply, ElementRequest } from "./runners/round_robin.ts";
import { isEmptyNotes, type TaskNotes } from "./runners/task_notes.ts";
import type { Acknowledgement, StreamRequest } from "./runners/task_runner.ts";
import type { WorkerTasks } from "./service.ts";

/** What a {@linkcode TaskSet} works with. */
export interface TaskSetOptions {
  host: TaskHost;
  clock: Clock;
  random: Random;
  /** Gives the graph of a task. */
  loadGraph: (task: ReceivedTask, signal: AbortSignal) => ReturnType<GraphLoader>;
  /** A task is completed: the dispatcher is to be told. */
  onCompleted: (taskId: bigint) => void;
  /** Resolves when the dispatcher has been told of a completed task. */
  told: (taskId: bigint, signal: AbortSignal) => Promise<void>;
  /** Addresses have become known that no answer to `process` has named. */
  onAddressed: () => void;
  /** The last reader of a task has taken leave. */
  onDeserted: () => void;
}

/** The dispatcher lets readers wait for 250 ms until workers have taken their tasks over. */
const ADDRESS_PATIENCE_MS = 200;

/** The worker's tasks as they run: carries out what the table decides, and answers readers. */
export class TaskSet implements WorkerTasks {
  readonly table = new TaskTable<ReceivedTask>();
  readonly #options: TaskSetOptions;
  #handles = new Map<bigint, TaskHandle>();
  /** The clients that have opened a stream of a task and not released their session. */
  #readers = new Map<bigint, Set<bigint>>();
  /** What there is to say of completed tasks, until the dispatcher has heard of them. */
  #last = new Map<bigint, { readonly numDropped: number; readonly notes: TaskNotes | undefined }>();
  /** The tasks whose addresses somebody waits for. */
  #asked = new Set<bigint>();
  #stopping = false;

  /** Makes an empty set. */
  constructor(options: TaskSetOptions) {
    this.#options = options;
  }

  async process(task: TaskDef): Promise<readonly string[]> {
    this.#refuseWhileStopping();
    const { taskId } = task;
    this.#asked.add(taskId);
    this.#carryOut(this.table.add(receivedTask(task)));
    const dataPlane = this.#handles.get(taskId)?.dataPlane;
    if (dataPlane) await this.#patience(dataPlane.settled);
    this.#asked.delete(taskId);
    return dataPlane?.addresses ?? [];
  }

  /** The addresses of the tasks that have data planes of their own. */
  addresses(): { taskId: bigint; dataAddresses: string[] }[] {
    return [...this.#handles].flatMap(([taskId, { dataPlane }]) =>
      dataPlane ? [{ taskId, dataAddresses: [...dataPlane.addresses] }] : []
    );
  }

  async #patience(settled: Promise<void>): Promise<void> {
    const enough = new AbortController();
    settled.then(() => enough.abort());
    await this.#options.clock.sleep(ADDRESS_PATIENCE_MS, { signal: enough.signal }).catch(() => {});
  }

  /** Carries out what the answer of a heartbeat asks for. */
  heartbeatAnswered(orders: HeartbeatOrders<ReceivedTask>): void {
    if (!this.#stopping) this.#carryOut(this.table.heartbeatAnswered(orders));
  }

  /** Ends the sessions of readers that the dispatcher counts as lost: what they have not taken goes to others. */
  release(taskId: bigint, clientIds: readonly bigint[]): void {
    const handle = this.#handles.get(taskId);
    for (const clientId of clientIds) {
      this.#readers.get(taskId)?.delete(clientId);
      handle?.release?.(clientId);
    }
  }

  running(): readonly TaskIdentity[] {
    return this.table.running();
  }

  openStream(
    taskId: bigint,
    request: StreamRequest,
    signal: AbortSignal,
  ): AsyncIterableIterator<WireBatch, void, void> {
    this.#refuseWhileStopping();
    const state = this.table.state(taskId);
    if (!state) throw new UnavailableError(`Task ${taskId} not found`);
    switch (state.kind) {
      case "running": {
        const compression = request.compression === "AUTO"
          ? state.definition.compression
          : request.compression;
        const stream = this.#handles.get(taskId)!.openStream({ ...request, compression }, signal);
        this.#readersOf(taskId).add(request.clientId);
        return stream;
      }
      case "abandoned":
        throw abandoned(taskId);
      case "completed": {
        const sessionId = request.sessionId || randomId(this.#options.random);
        return only(emptyBatch({ sequence: request.next, sessionId, endOfSequence: true }));
      }
      case "deleted":
        throw new CanceledError(`Task ${taskId} has been ended by the dispatcher`);
      default:
        return assertNever(state);
    }
  }

  async getElements(
    taskId: bigint,
    request: ElementRequest,
    signal: AbortSignal,
  ): Promise<readonly ElementReply[]> {
    this.#refuseWhileStopping();
    const state = this.table.state(taskId);
    if (!state) throw new UnavailableError(`Task ${taskId} not found`);
    switch (state.kind) {
      case "running": {
        const handle = this.#handles.get(taskId)!;
        if (!handle.getElements) {
          throw new FailedPreconditionError(
            `Cannot give out an element of task ${taskId} by round: it is not part of a coordinated read`,
          );
        }
        const compression = request.compression === "AUTO"
          ? state.definition.compression
          : request.compression;
        const replies = await handle.getElements({ ...request, compression }, signal);
        // The last consumer to hear of the end is not answered before the dispatcher knows.
        const hasEnd = replies.some(({ kind }) => kind === "end");
        if (hasEnd && this.table.state(taskId)?.kind === "completed") {
          await this.#options.told(taskId, signal);
        }
        return replies;
      }
      case "abandoned":
        throw abandoned(taskId);
      case "completed":
        await this.#options.told(taskId, signal);
        return request.rounds.map((round) => ({ kind: "end", round }));
      case "deleted":
        throw new CanceledError(`Task ${taskId} has been ended by the dispatcher`);
      default:
        return assertNever(state);
    }
  }

  /** For coordinated reads: how many elements of a completed task did not make a full round. */
  numDropped(taskId: bigint): number {
    return this.#last.get(taskId)?.numDropped ?? 0;
  }

  /** What there is to say of the tasks that run, and of completed ones of which the dispatcher has not heard. */
  notes(): ReadonlyMap<bigint, TaskNotes> {
    const all = new Map<bigint, TaskNotes>();
    for (const [taskId, { notes }] of [...this.#handles, ...this.#last]) {
      if (notes && !isEmptyNotes(notes)) all.set(taskId, notes);
    }
    return all;
  }

  /** The dispatcher has heard of the end of a task. */
  reported(taskId: bigint): void {
    this.table.reported([taskId]);
    this.#last.delete(taskId);
  }

  async acknowledge(taskId: bigint, acknowledgement: Acknowledgement, signal: AbortSignal): Promise<void> {
    const { clientId, sessionId, release } = acknowledgement;
    const readers = this.#readers.get(taskId);
    if (release && readers?.delete(clientId) && readers.size === 0) this.#options.onDeserted();
    const handle = this.#handles.get(taskId);
    const outcome = handle ? await handle.acknowledge(acknowledgement) : "unknownSession";
    const state = this.table.state(taskId);
    if (state?.kind === "completed") return await this.#options.told(taskId, signal);
    // Whoever leaves what is not there has left.
    if (outcome === "noted" || release) return;
    this.#refuseWhileStopping();
    if (!state) throw new UnavailableError(`Task ${taskId} not found`);
    if (state.kind === "abandoned") throw abandoned(taskId);
    if (state.kind === "deleted") throw new CanceledError(`Task ${taskId} has been ended by the dispatcher`);
    throw new NotFoundError(`Session "${sessionId}" of task ${taskId} not found`);
  }

  deleteTask(taskId: bigint): void {
    if (this.#readers.get(taskId)?.size || this.#handles.get(taskId)?.dataPlane?.hasReaders) return;
    this.#carryOut(this.table.abandon(taskId));
  }

  /** Refuses new work from now on. */
  refuse(): void {
    this.#stopping = true;
  }

  /** Ends all tasks. */
  async stop(): Promise<void> {
    this.refuse();
    const handles = [...this.#handles.values()];
    this.#handles.clear();
    await Promise.all(handles.map((handle) => handle.stop(new CanceledError("Worker is shutting down"))));
  }

  #readersOf(taskId: bigint): Set<bigint> {
    let readers = this.#readers.get(taskId);
    if (!readers) this.#readers.set(taskId, readers = new Set());
    return readers;
  }

  #refuseWhileStopping(): void {
    if (this.#stopping) throw new UnavailableError("Worker is shutting down");
  }

  #carryOut(commands: readonly TaskCommand<ReceivedTask>[]): void {
    for (const command of commands) {
      switch (command.kind) {
        case "start":
          this.#start(command.definition);
          break;
        case "stop":
          this.#stopTask(command.taskId);
          break;
        default:
          assertNever(command);
      }
    }
  }

  #start(definition: ReceivedTask): void {
    const { host, loadGraph, onCompleted, told, onAddressed, onDeserted } = this.#options;
    const { dataset, ...plain } = definition;
    const { taskId } = definition;
    const handle = host.start(
      plain,
      (signal) => loadGraph(definition, signal),
      (signal) => told(taskId, signal),
      { graph: dataset?.graph, onDeserted },
    );
    this.#handles.set(taskId, handle);
    handle.dataPlane?.settled.then(() => {
      const isNews = this.#handles.get(taskId) === handle && !this.#asked.has(taskId);
      if (isNews && handle.dataPlane!.addresses.length > 0) onAddressed();
    });
    handle.completed.then(() => {
      // The id may stand for another task by now.
      if (this.#handles.get(taskId) !== handle) return;
      this.#handles.delete(taskId);
      this.#readers.delete(taskId);
      this.#last.set(taskId, { numDropped: handle.numDropped ?? 0, notes: handle.notes });
      if (this.table.complete(taskId)) onCompleted(taskId);
      else this.#last.delete(taskId);
    });
  }

  #stopTask(taskId: bigint): void {
    const handle = this.#handles.get(taskId);
    this.#handles.delete(taskId);
    this.#readers.delete(taskId);
    handle?.stop(new CanceledError(`Task ${taskId} has been ended by the dispatcher`));
  }
}

function abandoned(taskId: bigint): FailedPreconditionError {
  return new FailedPreconditionError(
    `Cannot read task ${taskId}, which has been deleted: its local reader has left the pass before the end. Make a ` +
      "dataset once and read it again, instead of making it anew under the same job name",
  );
}

async function* only(batch: WireBatch): AsyncGenerator<WireBatch, void, void> {
  yield await Promise.resolve(batch);
}
