import { FailedPreconditionError } from "../../base/mod.ts";
import type { AcknowledgeOutcome } from "../core/session_book.ts";
import { openPipeline } from "../lanes/open_pipeline.ts";
import { type ElementReply, type ElementRequest, RoundRobinRunner } from "../runners/round_robin.ts";
import { TaskNotebook, type TaskNotes } from "../runners/task_notes.ts";
import type { InProcessHostOptions } from "./in_process.ts";
import type { GraphLoader, TaskDefinition, TaskHandle } from "./task_host.ts";

/** A task of a coordinated read, in this process. Its elements are numbered by one pipeline: there are no lanes. */
export class CoordinatedTask implements TaskHandle {
  readonly #definition: TaskDefinition;
  readonly #runner: RoundRobinRunner;
  readonly #notebook = new TaskNotebook();

  /** Builds nothing before the first consumer comes. */
  constructor(
    definition: TaskDefinition & { readonly numConsumers: number },
    loadGraph: GraphLoader,
    options: InProcessHostOptions,
  ) {
    const { clock, log, codecs } = options;
    this.#definition = definition;
    this.#runner = new RoundRobinRunner({
      numConsumers: definition.numConsumers,
      clock,
      log,
      codecs,
      notebook: this.#notebook,
      // Lanes would take elements out of the order in which they are numbered.
      open: async (signal) =>
        (await openPipeline(definition, loadGraph, { ...options, lanes: undefined }, {
          signal,
          notebook: this.#notebook,
        })).iterator,
    });
  }

  get completed(): Promise<void> {
    return this.#runner.completed;
  }

  get numDropped(): number {
    return this.#runner.numDropped;
  }

  get notes(): TaskNotes {
    return this.#notebook.notes;
  }

  getElements(request: ElementRequest, signal: AbortSignal): Promise<readonly ElementReply[]> {
    return this.#runner.getElements(request, signal);
  }

  openStream(): never {
    throw new FailedPreconditionError(
      `Cannot stream task ${this.#definition.taskId}: it is part of a coordinated read, whose consumers give ` +
        "`consumerIndex` and `numConsumers`",
    );
  }

  acknowledge(): Promise<AcknowledgeOutcome> {
    return Promise.resolve("unknownSession");
  }

  stop(reason: Error): Promise<void> {
    return this.#runner.stop(reason);
  }
}
