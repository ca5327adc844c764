import {
  FailedPreconditionError,
  NotFoundError,
  PermissionDeniedError,
  UnavailableError,
} from "../../../base/mod.ts";
import type { WireBatch } from "../../../rpc/mod.ts";
import type { TaskIdentity } from "../../core/task_table.ts";
import type { ElementReply, ElementRequest } from "../../runners/round_robin.ts";
import type { Acknowledgement, StreamRequest } from "../../runners/task_runner.ts";
import type { WorkerTasks } from "../../service.ts";
import type { TaskDefinition, TaskHandle } from "../task_host.ts";

/** What a {@linkcode SingleTask} works with. */
export interface SingleTaskOptions {
  readonly definition: TaskDefinition;
  readonly handle: TaskHandle;
  /** Resolves when the dispatcher knows that the task is completed. */
  readonly told: () => Promise<void>;
  /** The number of clients with sessions has changed. */
  readonly onReaders: (count: number) => void;
  /** Nobody reads any more, and the task is completed. */
  readonly onOver: () => void;
}

/** The task of a process, as its readers see it. */
export class SingleTask implements WorkerTasks {
  readonly #options: SingleTaskOptions;
  #told: Promise<void> | null = null;
  #readers = new Set<bigint>();
  /** Streams and acknowledgements that are being answered. */
  #busy = 0;

  /** Takes over a task that runs. */
  constructor(options: SingleTaskOptions) {
    this.#options = options;
    options.handle.completed.then(() => {
      this.#told = options.told();
      // Whoever acknowledges waits for it, or asks the worker.
      this.#told.catch(() => {}).finally(() => this.#endIfOver());
    });
  }

  // deno-lint-ignore require-await -- a refusal is a rejection
  async process(): Promise<readonly string[]> {
    throw new PermissionDeniedError("Cannot process another task: only the worker gives this process tasks");
  }

  openStream(
    taskId: bigint,
    request: StreamRequest,
    signal: AbortSignal,
  ): AsyncIterableIterator<WireBatch, void, void> {
    this.#check(taskId);
    const { handle, definition } = this.#options;
    const compression = request.compression === "AUTO" ? definition.compression : request.compression;
    const stream = handle.openStream({ ...request, compression }, signal);
    this.#noteReader(request.clientId, true);
    this.#busy++;
    return watched(stream, signal, () => this.#leave());
  }

  async acknowledge(taskId: bigint, acknowledgement: Acknowledgement): Promise<void> {
    this.#check(taskId);
    this.#busy++;
    try {
      if (acknowledgement.release) this.#noteReader(acknowledgement.clientId, false);
      const outcome = await this.#options.handle.acknowledge(acknowledgement);
      if (this.#told) return await this.#told;
      if (outcome === "unknownSession" && !acknowledgement.release) {
        throw new NotFoundError(`Session "${acknowledgement.sessionId}" of task ${taskId} not found`);
      }
    } finally {
      this.#leave();
    }
  }

  /** Ends the session of a lost reader, if there is one. */
  release(clientId: bigint): void {
    this.#noteReader(clientId, false);
    this.#options.handle.release?.(clientId);
  }

  async getElements(
    taskId: bigint,
    request: ElementRequest,
    signal: AbortSignal,
  ): Promise<readonly ElementReply[]> {
    this.#check(taskId);
    const { handle, definition } = this.#options;
    if (!handle.getElements) {
      throw new FailedPreconditionError(
        `Cannot give out an element of task ${taskId} by round: it is not part of a coordinated read`,
      );
    }
    const compression = request.compression === "AUTO" ? definition.compression : request.compression;
    this.#busy++;
    try {
      const replies = await handle.getElements({ ...request, compression }, signal);
      if (this.#told && replies.some(({ kind }) => kind === "end")) await this.#told;
      return replies;
    } finally {
      this.#leave();
    }
  }

  deleteTask(): void {}

  running(): readonly TaskIdentity[] {
    return [this.#options.definition];
  }

  #check(taskId: bigint): void {
    // Retryable: the reader may have been given the address of a process that is gone, and whose port this one took.
    if (taskId !== this.#options.definition.taskId) throw new UnavailableError(`Task ${taskId} not found`);
  }

  #noteReader(clientId: bigint, reads: boolean): void {
    const before = this.#readers.size;
    if (reads) this.#readers.add(clientId);
    else this.#readers.delete(clientId);
    if (this.#readers.size !== before) this.#options.onReaders(this.#readers.size);
  }

  #leave(): void {
    this.#busy--;
    this.#endIfOver();
  }

  #endIfOver(): void {
    if (this.#told && this.#busy === 0) {
      this.#told.then(() => this.#busy === 0 && this.#options.onOver(), () => {});
    }
  }
}

/** The same stream; `onEnd` is called once when it has ended or its reader has left. */
function watched(
  stream: AsyncIterableIterator<WireBatch, void, void>,
  signal: AbortSignal,
  onEnd: () => void,
): AsyncIterableIterator<WireBatch, void, void> {
  let hasEnded = false;
  const end = () => {
    signal.removeEventListener("abort", end);
    if (!hasEnded) onEnd();
    hasEnded = true;
  };
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        const result = await stream.next();
        if (result.done) end();
        return result;
      } catch (error) {
        end();
        throw error;
      }
    },
    async return() {
      end();
      return await stream.return?.() ?? { done: true, value: undefined };
    },
  };
}
