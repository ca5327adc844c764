/** TensorFlow's WorkerService on a Sluice worker. */

import { type Clock, FailedPreconditionError, type MaybePromise } from "../../base/mod.ts";
import { type GetElementRequest, WorkerService } from "../../gen/tensorflow/data/worker_pb.ts";
import { BlockOpener, type ElementRequest } from "../../worker/mod.ts";
import { elementResponseChunks, layoutOf, SKIP_TASK, tensorParts } from "../elements/mod.ts";
import { decodeRequest, type GrpcContext, type GrpcMethods, methodPath, unary } from "../grpc/mod.ts";
import { pipelineError, refusalError } from "./errors.ts";
import type { ServedTasks } from "./served_tasks.ts";
import { TaskElements } from "./task_elements.ts";

/** What the methods work with. */
export interface WorkerMethodsOptions {
  readonly tasks: ServedTasks;
  readonly clock: Clock;
  /** The address that the dispatcher knows the worker by. */
  readonly address: () => string;
}

/** The methods, and their end. */
export interface WorkerMethods {
  readonly methods: GrpcMethods;
  /** Gives up what readers have not taken. */
  stop(): void;
}

/** The client ids of TensorFlow's readers, who have none: above all that a dispatcher gives out. */
const FIRST_CLIENT_ID = 2n ** 63n;

/** Makes the methods. */
export function workerMethods({ tasks, clock, address }: WorkerMethodsOptions): WorkerMethods {
  const sessions = new Map<string, TaskElements>();
  let clients = FIRST_CLIENT_ID;

  function session(taskId: bigint, trainerId: string): TaskElements {
    const key = `${taskId} ${trainerId}`;
    const known = sessions.get(key);
    if (known) return known;
    const made: TaskElements = new TaskElements({
      tasks,
      taskId,
      trainerId,
      clientId: clients++,
      clock,
      onOver: () => {
        if (sessions.get(key) === made) sessions.delete(key);
      },
    });
    sessions.set(key, made);
    return made;
  }

  function getElement(bytes: Uint8Array, context: GrpcContext): MaybePromise<readonly Uint8Array[]> {
    const request = decodeRequest(WorkerService.method.getElement.input, bytes);
    if (request.optionalConsumerIndex.case === undefined) {
      const { taskId, trainerId, allowSkip } = request;
      return session(taskId, trainerId).next(allowSkip, () => context.signal);
    }
    return roundElement(tasks, request, context.signal);
  }

  return {
    methods: new Map([
      [methodPath(WorkerService.method.getElement), getElement],
      unary(WorkerService.method.getWorkerTasks, () => ({
        tasks: tasks.running().map(({ taskId, iterationId }) => ({
          taskId,
          iterationId,
          workerAddress: address(),
        })),
      })),
    ]),
    stop() {
      for (const each of [...sessions.values()]) each.release();
    },
  };
}

/** A consumer's element of a round. */
async function roundElement(
  tasks: ServedTasks,
  request: GetElementRequest,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const { taskId } = request;
  const [reply] = await tasks.getElements(taskId, roundRequest(request), signal).catch((error) => {
    throw refusalError(error);
  });
  switch (reply.kind) {
    case "skip":
      return [SKIP_TASK];
    case "end":
      // TensorFlow's consumers would wait for each other for ever.
      throw new FailedPreconditionError(
        "Encountered end of sequence on a round-robin read iterator: the dataset must not end, consider adding " +
          "`repeat()` to it",
      );
    case "element": {
      const { batch } = reply;
      if (batch.error) throw pipelineError(batch.error);
      const layout = layoutOf(await tasks.elementSpec(taskId, signal));
      return elementResponseChunks(tensorParts(layout, new BlockOpener().open(batch).get(0)));
    }
  }
}

function roundRequest(
  { optionalConsumerIndex, optionalRoundIndex, skippedPreviousRound, allowSkip }: GetElementRequest,
): ElementRequest {
  if (optionalConsumerIndex.case === undefined || optionalRoundIndex.case === undefined) {
    throw new FailedPreconditionError(
      "Cannot give out an element: the request of a coordinated read must have both a consumer and a round",
    );
  }
  const round = Number(optionalRoundIndex.value);
  return {
    consumerIndex: Number(optionalConsumerIndex.value),
    rounds: [round],
    oldestRound: round,
    skippedRounds: skippedPreviousRound ? [round - 1] : [],
    allowSkip,
    accepted: [],
    compression: "NONE",
    loopback: true,
  };
}
