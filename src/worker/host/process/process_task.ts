import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import {
  assertNever,
  deferred,
  errorFromCode,
  NotFoundError,
  type Random,
  UnavailableError,
} from "../../../base/mod.ts";
import { GetSplitRequestSchema, GetSplitResponseSchema } from "../../../gen/sluice/v1/dispatcher_pb.ts";
import {
  createWorkerClient,
  type DispatcherClient,
  type OpenStream,
  type WireBatch,
  type WorkerClient,
} from "../../../rpc/mod.ts";
import type { AcknowledgeOutcome } from "../../core/session_book.ts";
import { randomId } from "../../random_id.ts";
import type { ElementReply, ElementRequest } from "../../runners/round_robin.ts";
import type { TaskNotes } from "../../runners/task_notes.ts";
import type { Acknowledgement, StreamRequest } from "../../runners/task_runner.ts";
import type { GraphLoader, TaskDataPlane, TaskDefinition, TaskHandle, ToldWaiter } from "../task_host.ts";
import { FailedStream } from "./failed_stream.ts";
import type { HostProcess } from "./host_process.ts";
import { type Asked, sendDefinition } from "./messages.ts";
import { RelayedStream } from "./relay.ts";
import { relayElements } from "./relay_element.ts";

/** What a {@linkcode ProcessTask} works with. */
export interface ProcessTaskOptions {
  readonly definition: TaskDefinition;
  readonly process: HostProcess;
  readonly loadGraph: GraphLoader;
  readonly told: ToldWaiter;
  readonly dispatcher: Pick<DispatcherClient, "getSplit">;
  readonly random: Random;
  /** The addresses for readers of a process that listens on `port`, the preferred first. */
  readonly addressesOf: (port: number, socketPath: string | null) => readonly string[];
  /** The address at which the worker itself reaches such a process. */
  readonly ownAddressOf: (port: number) => string;
  /** Whether the process may outlive the task. */
  readonly mayRest: () => boolean;
  /** The task has ended, and the process waits for another one. */
  readonly onRested: () => void;
  /** The last reader has taken leave. */
  readonly onDeserted: () => void;
  readonly fetch?: typeof globalThis.fetch;
  readonly openStream?: OpenStream;
}

/**
 * - `running`: the process is there, or about to be. Left when it ends.
 * - `failed`: the process ended before the task did; readers get the reason. Never left.
 * - `over`: the task has ended as it should, or was stopped. Never left.
 */
type State =
  | { readonly kind: "running" }
  | { readonly kind: "failed"; readonly error: Error }
  | { readonly kind: "over" };

/** A task in a process of its own, which serves its elements itself. */
export class ProcessTask implements TaskHandle {
  readonly dataPlane: TaskDataPlane;
  readonly #options: ProcessTaskOptions;
  readonly #completed = deferred<void>();
  readonly #stopped = new AbortController();
  #state: State = { kind: "running" };
  #addresses: readonly string[] = [];
  #readers = 0;
  #numDropped = 0;
  #notes: TaskNotes | undefined;
  #client: WorkerClient | null = null;

  /** Gives the process its task. */
  constructor(options: ProcessTaskOptions) {
    this.#options = options;
    const { process, definition, addressesOf, onDeserted, onRested } = options;
    const addresses = () => this.#addresses;
    const readers = () => this.#readers;
    this.dataPlane = {
      get addresses() {
        return addresses();
      },
      get hasReaders() {
        return readers() > 0;
      },
      settled: process.ready.then(
        (port) => {
          if (this.#state.kind === "running") this.#addresses = addressesOf(port, process.socketPath);
        },
        () => {}, // The reason comes with the process's end.
      ),
    };
    process.begin(sendDefinition(definition), {
      answer: (asked) => this.#answer(asked),
      readers: (count) => {
        this.#readers = count;
        if (count === 0) onDeserted();
      },
      noted: (notes) => {
        this.#notes = notes;
      },
      completed: (numDropped) => {
        this.#numDropped = numDropped;
        this.#completed.resolve();
      },
      rested: () => {
        this.#addresses = [];
        this.#state = { kind: "over" };
        onRested();
      },
    });
    process.ended.then((reason) => {
      if (this.#state.kind !== "running") return; // It may have been another task's by then.
      this.#addresses = [];
      this.#state = reason === null ? { kind: "over" } : { kind: "failed", error: reason };
    });
  }

  get completed(): Promise<void> {
    return this.#completed.promise;
  }

  openStream(request: StreamRequest, signal: AbortSignal): AsyncIterableIterator<WireBatch, void, void> {
    this.#stopped.signal.throwIfAborted();
    const { definition: { taskId }, random, fetch, openStream } = this.#options;
    switch (this.#state.kind) {
      case "running": {
        const either = AbortSignal.any([signal, this.#stopped.signal]);
        return new RelayedStream({
          taskId,
          request,
          signal: either,
          fetch,
          openStream,
          address: () => this.#address(),
        });
      }
      case "failed":
        return new FailedStream(this.#state.error, request, randomId(random), signal);
      case "over":
        throw new UnavailableError(`Task ${taskId} is ending`);
      default:
        return assertNever(this.#state);
    }
  }

  get numDropped(): number {
    return this.#numDropped;
  }

  get notes(): TaskNotes | undefined {
    return this.#notes;
  }

  async getElements(request: ElementRequest, signal: AbortSignal): Promise<readonly ElementReply[]> {
    this.#stopped.signal.throwIfAborted();
    const { definition: { taskId }, fetch } = this.#options;
    switch (this.#state.kind) {
      case "running": {
        this.#client ??= createWorkerClient(await this.#address(), { fetch });
        const either = AbortSignal.any([signal, this.#stopped.signal]);
        return await relayElements(this.#client, { taskId, request, signal: either });
      }
      case "failed":
        throw this.#state.error;
      case "over":
        throw new UnavailableError(`Task ${taskId} is ending`);
      default:
        return assertNever(this.#state);
    }
  }

  async acknowledge(acknowledgement: Acknowledgement): Promise<AcknowledgeOutcome> {
    if (this.#state.kind !== "running") return "unknownSession";
    const { definition: { taskId }, fetch } = this.#options;
    const { clientId, sessionId, taken, takenWithin, limit, release } = acknowledgement;
    this.#client ??= createWorkerClient(await this.#address(), { fetch });
    try {
      await this.#client.acknowledgeElements({
        taskId,
        iterationClientId: clientId,
        sessionId,
        takenSequence: BigInt(taken),
        takenWithin,
        limitSequence: BigInt(limit),
        release,
      }, { signal: this.#stopped.signal });
      return "noted";
    } catch (error) {
      if (error instanceof NotFoundError) return "unknownSession";
      throw error;
    }
  }

  release(clientId: bigint): void {
    if (this.#state.kind === "running") this.#options.process.release(clientId);
  }

  async stop(reason: Error): Promise<void> {
    this.#stopped.abort(reason);
    const { process, mayRest } = this.#options;
    if (this.#state.kind !== "running") return;
    await (mayRest() ? process.rest(reason) : process.stop(reason));
  }

  async #address(): Promise<string> {
    const { process, ownAddressOf } = this.#options;
    return ownAddressOf(await process.ready);
  }

  async #answer(asked: Asked): Promise<unknown> {
    const { definition: { taskId, iterationId }, loadGraph, told, dispatcher } = this.#options;
    const { signal } = this.#stopped;
    switch (asked.method) {
      case "graph":
        return (await loadGraph(signal)).toBase64();
      case "splits": {
        const request = fromJson(GetSplitRequestSchema, asked.request as JsonValue);
        // Whatever the process says, its splits are those of its own task.
        const answer = await dispatcher.getSplit({ ...request, taskId, iterationId }, { signal });
        return toJson(GetSplitResponseSchema, answer);
      }
      case "told":
        return await told(signal);
      default:
        throw errorFromCode("unimplemented", `Cannot answer "${(asked satisfies never as Asked).method}"`);
    }
  }
}
