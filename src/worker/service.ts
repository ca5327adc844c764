import { create } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import type { CodecName } from "../element/mod.ts";
import type { Compression } from "../gen/sluice/v1/dataset_pb.ts";
import type { TaskDef } from "../gen/sluice/v1/dispatcher_pb.ts";
import {
  type AcknowledgeElementsRequest,
  type GetElementsRequest,
  GetWorkerTasksResponseSchema,
  WorkerService,
} from "../gen/sluice/v1/worker_pb.ts";
import {
  codecName,
  elementStreamError,
  elementStreamResponse,
  type FetchHandler,
  isElementStreamRequest,
  mountServices,
  plainUnary,
  PROTOCOL_VERSION,
  readElementStreamRequest,
  toElementBatch,
  type WireBatch,
} from "../rpc/mod.ts";
import { InvalidArgumentError } from "../base/mod.ts";
import type { TaskIdentity } from "./core/task_table.ts";
import { elementRequest, elementResponse } from "./element_messages.ts";
import { isLoopback } from "./loopback.ts";
import type { ElementReply, ElementRequest } from "./runners/round_robin.ts";
import type { Acknowledgement, StreamRequest } from "./runners/task_runner.ts";

/** What the service makes known to readers and to the dispatcher. */
export interface WorkerTasks {
  /**
   * Takes a task over; gives the addresses of its own data plane, as far as they are known.
   *
   * @throws {UnavailableError} if the worker is stopping
   */
  process(task: TaskDef): Promise<readonly string[]>;
  /** Opens a stream; see `WorkerService.GetElements`. */
  openStream(
    taskId: bigint,
    request: StreamRequest,
    signal: AbortSignal,
  ): AsyncIterableIterator<WireBatch, void, void>;
  /** Gives a consumer its elements of some rounds; see `WorkerService.GetElement`. */
  getElements(
    taskId: bigint,
    request: ElementRequest,
    signal: AbortSignal,
  ): Promise<readonly ElementReply[]>;
  /** Notes what a reader has taken; see `WorkerService.AcknowledgeElements`. */
  acknowledge(taskId: bigint, acknowledgement: Acknowledgement, signal: AbortSignal): Promise<void>;
  /** Ends a task that was there for a reader that has left, unless others have sessions with it. */
  deleteTask(taskId: bigint): void;
  /** The tasks that it has. */
  running(): readonly TaskIdentity[];
}

/** The routes of WorkerService, and the stream of elements by hand beside them. */
export function workerHandler(tasks: WorkerTasks): FetchHandler {
  // The only call that readers make while elements flow; the stock handler would take the time of half a block.
  const acknowledge = plainUnary(WorkerService.method.acknowledgeElements, async (request, signal) => {
    await tasks.acknowledge(request.taskId, acknowledgementOf(request), signal);
    return new Uint8Array(); // An empty message.
  });
  const routes = mountServices((router) => workerRoutes(router, tasks), { plain: [acknowledge] });
  return (request) => isElementStreamRequest(request) ? serveStream(request, tasks) : routes(request);
}

/** Registers WorkerService. */
export function workerRoutes(router: ConnectRouter, tasks: WorkerTasks): void {
  router.service(WorkerService, {
    getVersion: () => ({ version: PROTOCOL_VERSION }),
    async processTask({ task }) {
      if (!task) throw new InvalidArgumentError("Cannot process a task: the request has none");
      return { dataAddresses: [...await tasks.process(task)] };
    },
    async *getElements(request, { url, signal }) {
      const stream = tasks.openStream(request.taskId, readerRequest(request, url), signal);
      for await (const batch of stream) yield toElementBatch(batch);
    },
    async getElement(request, { url, signal }) {
      return elementResponse(await tasks.getElements(request.taskId, elementRequest(request, url), signal));
    },
    async acknowledgeElements(request, { signal }) {
      await tasks.acknowledge(request.taskId, acknowledgementOf(request), signal);
      return {};
    },
    getWorkerTasks: () =>
      create(GetWorkerTasksResponseSchema, {
        tasks: tasks.running().map(({ taskId, iterationId }) => ({ taskId, iterationId })),
      }),
  });
}

async function serveStream(request: Request, tasks: WorkerTasks): Promise<Response> {
  try {
    const message = await readElementStreamRequest(request);
    const stream = tasks.openStream(message.taskId, readerRequest(message, request.url), request.signal);
    return elementStreamResponse(stream);
  } catch (thrown) {
    return elementStreamError(thrown);
  }
}

/** What an acknowledgement says, in the worker's terms. */
export function acknowledgementOf(
  request: Omit<AcknowledgeElementsRequest, "$typeName" | "$unknown">,
): Acknowledgement {
  return {
    clientId: request.iterationClientId,
    sessionId: request.sessionId,
    taken: sequenceNumber(request.takenSequence),
    limit: sequenceNumber(request.limitSequence),
    takenWithin: request.takenWithin,
    release: request.release,
  };
}

/** What a request for elements says, in the worker's terms; `url` is the one that it came by. */
export function readerRequest(request: GetElementsRequest, url: string): StreamRequest {
  return {
    clientId: request.iterationClientId,
    sessionId: request.sessionId,
    next: sequenceNumber(request.nextSequence),
    ...(request.streamNumber > 0n && { streamNumber: sequenceNumber(request.streamNumber) }),
    taken: sequenceNumber(request.takenSequence),
    limit: sequenceNumber(request.limitSequence),
    accepted: request.acceptedCompressions.map(codecName).filter((name) => name !== undefined),
    compression: wishOf(request.compression),
    loopback: isLoopback(new URL(url).hostname),
    trainerId: request.trainerId,
  };
}

function wishOf(compression: Compression): CodecName | "AUTO" {
  return codecName(compression) ?? "AUTO";
}

/** A number of a block. Larger ones than there can be blocks are as good as the largest. */
function sequenceNumber(value: bigint): number {
  return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
}
