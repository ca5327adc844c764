import type { AcknowledgeElementsRequest, GetElementsRequest } from "../gen/sluice/v1/worker_pb.ts";
import type { WireBatch } from "../rpc/mod.ts";
import { acknowledgementOf, readerRequest, type WorkerTasks } from "./service.ts";

/** How readers in the worker's own process reach its tasks; see `WorkerService`. */
export interface DirectAccess {
  /** The elements of a task. */
  getElements(request: GetElementsRequest, signal: AbortSignal): AsyncIterable<WireBatch>;
  /** Notes what a reader has taken. */
  acknowledgeElements(
    request: Omit<AcknowledgeElementsRequest, "$typeName" | "$unknown">,
    signal: AbortSignal,
  ): Promise<void>;
  /** Ends a task that was there for a reader that has left, unless others have sessions with it. */
  deleteTask(taskId: bigint): Promise<void>;
}

// Such readers are as near as can be: nothing is compressed for them.
const URL_OF_THIS_PROCESS = "http://localhost";

/** Gives readers of this process the tasks. What they would get as an error of the wire is thrown as it is. */
export function directAccess(tasks: WorkerTasks): DirectAccess {
  return {
    getElements: (request, signal) =>
      tasks.openStream(request.taskId, readerRequest(request, URL_OF_THIS_PROCESS), signal),
    acknowledgeElements: (request, signal) =>
      tasks.acknowledge(request.taskId, acknowledgementOf(request), signal),
    // deno-lint-ignore require-await -- what is thrown must reject
    async deleteTask(taskId) {
      tasks.deleteTask(taskId);
    },
  };
}
