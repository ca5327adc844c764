/** WorkerHeartbeat. */

import { FailedPreconditionError } from "../../base/mod.ts";
import type { Context, Decision } from "./decision.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { datasetOf, jobOfIteration } from "./lookup.ts";
import { canRun, makeTask, type TaskWorker } from "./make_task.ts";
import { lastRound } from "./rounds.ts";
import type { Iteration, StateView } from "./state.ts";
import { type TaskDefinition, taskDefinition } from "./task_view.ts";
import { newAddresses, type TaskAddresses } from "./address_task.ts";
import type { TaskNotes } from "./task_notes.ts";
import type { AddressTask, RegisterWorker, TransferServer, Update } from "./updates.ts";
import { placeOf } from "./worker_slots.ts";

/** How far after the last known round a task of a coordinated read is proposed to join at first. */
const FIRST_TARGET_AHEAD = 1;

/** A worker's heartbeat. */
export interface WorkerHeartbeatRequest {
  readonly address: string;
  readonly uid: string;
  readonly tags: readonly string[];
  readonly formats: readonly string[];
  /** Where readers of TensorFlow's protocol get its elements; taken in when the worker registers. @default nowhere */
  readonly transferServers?: readonly TransferServer[];
  /** Ids of the tasks that it has. */
  readonly currentTasks: readonly number[];
  /** The addresses of tasks that can be read elsewhere than at the worker's. @default none */
  readonly taskAddresses?: readonly TaskAddresses[];
  /** What there is to say of its tasks. @default nothing */
  readonly notes?: ReadonlyMap<number, TaskNotes>;
}

/** What a worker should run. */
export interface WorkerHeartbeatReply {
  readonly newTasks: readonly TaskDefinition[];
  readonly tasksToDelete: readonly number[];
  /** Readers of its tasks that were silent for too long. @default none */
  readonly lostClients?: readonly LostClients[];
  /** Somebody asked for its end. @default false */
  readonly drain?: boolean;
}

/** Readers of one task that were silent for too long. */
export interface LostClients {
  readonly taskId: number;
  readonly clientIds: readonly number[];
}

/**
 * Registers a worker that is new, comes back or is another process under a known address, giving it a task of
 * each unfinished iteration; tells every worker what to begin and what to end.
 */
export function workerHeartbeat(
  context: Context,
  request: WorkerHeartbeatRequest,
): Decision<WorkerHeartbeatReply> {
  return {
    updates: [...registration(context, request), ...addressings(context, request)],
    reply: (state) => tasksOf(state, request),
    heard: { worker: request.address, ...(request.notes && { notes: request.notes }) },
  };
}

/** What is new in the addresses of tasks that are this worker's. One of another run has told nothing yet. */
function addressings({ state }: Context, request: WorkerHeartbeatRequest): AddressTask[] {
  const { address, taskAddresses = [] } = request;
  return taskAddresses.flatMap((addresses) => newAddresses(state, address, addresses));
}

function registration(context: Context, request: WorkerHeartbeatRequest): Update[] {
  const { state, settings, now } = context;
  const { address, uid } = request;
  const former = state.workers.get(address);
  if (former && former.uid === uid && former.lostAt === null) {
    // All but coordinated reads give a worker that is there its tasks when they begin.
    return missingTasks(context, { ...former, firstFreeTaskId: state.next.task }, state.coordinated, true);
  }
  // Not InvalidArgument: to the one who starts a worker, its tags are configuration and not a call.
  if (request.tags.includes("")) throw new FailedPreconditionError("Worker tags cannot be empty");
  const worker: RegisterWorker = {
    type: "registerWorker",
    address,
    uid,
    tags: [...request.tags],
    formats: [...request.formats],
    ...(request.transferServers?.length && { transferServers: [...request.transferServers] }),
    slot: placeOf(state, settings.workerAddresses, address),
    firstFreeTaskId: firstFreeTaskId(state, former === undefined, request.currentTasks),
    at: now,
  };
  return [worker, ...missingTasks(context, worker, state.unfinished, former?.uid === uid)];
}

/**
 * A dispatcher that forgot its state gives ids out again, and a worker that still runs the old tasks would take
 * a new one for one of them: a worker that is not known gets ids above all that it has.
 */
function firstFreeTaskId(state: StateView, unknown: boolean, currentTasks: readonly number[]): number {
  if (!unknown) return state.next.task;
  return currentTasks.reduce((first, id) => Math.max(first, id + 1), state.next.task);
}

/**
 * A task of each of some unfinished iterations that the worker can run and has not run yet. `isSame`: the process is
 * the one that has the tasks; another one goes on with those only whose rest cannot be leased again.
 */
function missingTasks(
  context: Context,
  worker: TaskWorker & { firstFreeTaskId: number },
  iterations: ReadonlySet<number>,
  isSame: boolean,
): Update[] {
  if (iterations.size === 0) return [];
  const { state, settings } = context;
  const has = new Set<number>();
  for (const id of state.workers.get(worker.address)?.tasks ?? []) {
    const task = state.tasks.get(id)!;
    if (task.finished || (!isSame && state.iterations.get(task.iterationId)?.recovery)) continue;
    has.add(task.iterationId);
  }
  const updates: Update[] = [];
  let taskId = worker.firstFreeTaskId;
  for (const iterationId of iterations) {
    const iteration = state.iterations.get(iterationId)!;
    if (has.has(iterationId) || iteration.completedBy.has(worker.address)) continue;
    // Whoever goes on from a position reads one worker's elements: another one's would come on top.
    if (iteration.resumedAt !== null && iteration.running > 0) continue;
    if (iteration.rounds && waitsFor(state, iteration, worker.address)) continue;
    const job = jobOfIteration(state, iteration);
    if (!canRun(settings, job, worker, datasetOf(state, job.datasetId).format)) continue;
    const task = makeTask(settings, job, { iterationId, taskId: taskId++ }, worker);
    if (!iteration.rounds) updates.push(task);
    else {
      updates.push({
        ...task,
        type: "createPendingTask",
        targetRound: lastRound(context, iterationId) + FIRST_TARGET_AHEAD,
      });
    }
  }
  return updates;
}

/** Whether a task of a coordinated read is the worker's, to which it has come back. */
function waitsFor(state: StateView, iteration: DeepReadonly<Iteration>, address: string): boolean {
  for (const id of iteration.tasks) {
    const task = state.tasks.get(id);
    if (task?.address === address && !task.finished) return true;
  }
  return false;
}

function tasksOf(state: StateView, { address, currentTasks }: WorkerHeartbeatRequest): WorkerHeartbeatReply {
  const { tasks: wanted, draining } = state.workers.get(address)!;
  const has = new Set(currentTasks);
  const newTasks: TaskDefinition[] = [];
  const lostClients: LostClients[] = [];
  for (const id of wanted) {
    const task = state.tasks.get(id)!;
    if (has.has(id)) {
      const lost = state.iterations.get(task.iterationId)?.lostClients;
      if (lost) lostClients.push({ taskId: id, clientIds: [...lost] });
      continue;
    }
    // An ended task is not begun again: its readers have taken everything.
    if (!task.finished) newTasks.push(taskDefinition(state, task));
  }
  const tasksToDelete = currentTasks.filter((id) => !wanted.has(id));
  return {
    newTasks,
    tasksToDelete,
    ...(lostClients.length > 0 && { lostClients }),
    ...(draining && { drain: true }),
  };
}
