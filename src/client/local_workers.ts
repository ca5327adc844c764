/** The workers of this process, which its readers reach without the network. */

import { joinBytes } from "../base/mod.ts";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type AcknowledgeElementsRequest,
  type GetElementsRequest,
  GetElementsRequestSchema,
} from "../gen/sluice/v1/worker_pb.ts";
import { fromConnectError, type ReceivedBatch, toConnectError, type WireBatch } from "../rpc/mod.ts";

/** A worker that runs in this process. */
export interface LocalWorker {
  /** The address that the dispatcher knows it by. */
  readonly address: string;
  /** See `WorkerService.GetElements`; the stream ends with the signal's reason. */
  getElements(request: GetElementsRequest, signal: AbortSignal): AsyncIterable<WireBatch>;
  /** See `WorkerService.AcknowledgeElements`. */
  acknowledgeElements(
    request: Omit<AcknowledgeElementsRequest, "$typeName" | "$unknown">,
    signal: AbortSignal,
  ): Promise<void>;
  /** Ends a task that nobody is going to read any more, unless another reader has a session with it. */
  deleteTask(taskId: bigint): Promise<void>;
}

/** Which workers there are, by their addresses. */
export class LocalWorkers {
  readonly #workers = new Map<string, LocalWorker>();

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#workers.size === 0;
  }

  /** The worker at an address, if it runs in this process. */
  get(address: string): LocalWorker | undefined {
    return this.#workers.get(address);
  }

  /** Makes a worker known, in place of a former one at its address. The result takes it out again. */
  register(worker: LocalWorker): () => void {
    this.#workers.set(worker.address, worker);
    return () => {
      if (this.#workers.get(worker.address) === worker) this.#workers.delete(worker.address);
    };
  }
}

/** The workers of this process: servers register themselves, readers look here. */
export const localWorkers = new LocalWorkers();

/**
 * Reads the elements of a task from a worker of this process. Payloads are copied once: the worker keeps its own
 * for a reader that comes after this one, and a program may write into the elements that it got.
 *
 * @throws what the stream of the same worker over the network would end with
 */
export async function* readLocally(
  worker: LocalWorker,
  request: MessageInitShape<typeof GetElementsRequestSchema>,
  { signal }: { signal: AbortSignal },
): AsyncGenerator<ReceivedBatch, void, void> {
  try {
    const message = create(GetElementsRequestSchema, { ...request, acceptedCompressions: [] });
    for await (const batch of worker.getElements(message, signal)) {
      yield { ...batch, payload: joinBytes(batch.payload) };
    }
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    throw asFromWire(thrown, worker);
  }
}

/** An error of a worker as it would have come over the network: readers act by its code. */
export function asFromWire(thrown: unknown, { address }: Pick<LocalWorker, "address">): Error {
  return fromConnectError(toConnectError(thrown), address);
}
