import { assertNever, CanceledError, type Clock, type Deferred, deferred } from "../../../base/mod.ts";
import type { DispatcherClient, FetchHandler } from "../../../rpc/mod.ts";
import { workerHandler } from "../../service.ts";
import { isEmptyNotes, type TaskNotes } from "../../runners/task_notes.ts";
import type { TaskHandle, TaskHost } from "../task_host.ts";
import {
  decodeLine,
  type ProcessSetup,
  receiveDefinition,
  receiveError,
  type ToProcess,
} from "./messages.ts";
import { SingleTask } from "./single_task.ts";
import { WorkerLink } from "./worker_link.ts";

/** A data plane that listens. */
export interface DataPlane {
  /** The port that it listens on. */
  readonly port: number;
  /** Lets open responses end for a moment, then closes. */
  stop(): Promise<void>;
}

/** What the program of a task's process is given. */
export interface TaskProcessOptions {
  /** Times the patience with readers that come before the task. */
  readonly clock: Clock;
  /** The lines from the worker; their end is the worker's. */
  readonly input: AsyncIterable<string>;
  /** Sends a line to the worker. */
  readonly write: (line: string) => void;
  /** Listens for readers. */
  readonly serve: (setup: ProcessSetup, handler: (request: Request) => Promise<Response>) => DataPlane;
  /** Makes the host that runs the task in this process. */
  readonly createHost: (setup: ProcessSetup, dispatcher: Pick<DispatcherClient, "getSplit">) => TaskHost;
}

/**
 * The worker names the address of a process that is ready as soon as it has a task for it: readers may be here before
 * the task is. Others, who come for a process that had the port before, are not kept for long.
 */
const TASK_PATIENCE_MS = 5_000;

/** After a task, most of those who come without one being there are late readers of that. */
const NEXT_TASK_PATIENCE_MS = 250;

/**
 * A process that is kept ready goes on getting ready when it has been left in peace for so long. One that has its task
 * by then was started for it, and every core is needed.
 */
const IDLE_AFTER_MS = 50;

/** Works as the process of a task, and of further ones if the worker says so, until the worker wants no more. */
export async function runTaskProcess(options: TaskProcessOptions): Promise<void> {
  const process = new TaskProcess(options);
  await Promise.race([process.listen(), process.over]);
  await process.leave();
}

class TaskProcess {
  readonly #options: TaskProcessOptions;
  readonly #link: WorkerLink;
  readonly #over: Deferred<void> = deferred();
  #begun: Deferred<void> = deferred();
  #patienceMs = TASK_PATIENCE_MS;
  #handler: FetchHandler | null = null;
  #dataPlane: DataPlane | null = null;
  #host: TaskHost | null = null;
  /** The present task, and what its readers see of it. */
  #handle: TaskHandle | null = null;
  #task: SingleTask | null = null;
  #stopReason: Error = new CanceledError("Worker is gone");

  constructor(options: TaskProcessOptions) {
    this.#options = options;
    this.#link = new WorkerLink(options.write);
  }

  /** Resolves when the process is of no use any more. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Does what the worker says; resolves when it says nothing any more. */
  async listen(): Promise<void> {
    for await (const line of this.#options.input) {
      const message = decodeLine<ToProcess>(line);
      if (message.kind === "stop") {
        this.#stopReason = receiveError(message.error);
        return;
      }
      this.#receive(message);
    }
  }

  /** Ends the task, and what was opened for it. */
  async leave(): Promise<void> {
    this.#link.send({ kind: "leaving" });
    await this.#handle?.stop(this.#stopReason);
    await this.#dataPlane?.stop();
  }

  #receive(message: Exclude<ToProcess, { kind: "stop" }>): void {
    const { serve, createHost } = this.#options;
    switch (message.kind) {
      case "setup": {
        const { setup } = message;
        this.#link.setMark(setup.mark);
        this.#host = createHost(setup, this.#link.dispatcher);
        this.#dataPlane = serve(setup, (request) => this.#respond(request));
        this.#link.send({ kind: "ready", port: this.#dataPlane.port });
        return this.#prepareLater();
      }
      case "begin":
        this.#task = this.#begin(message);
        this.#handler = workerHandler(this.#task);
        return this.#begun.resolve();
      case "release":
        return this.#task?.release(BigInt(message.clientId));
      case "rest":
        return void this.#rest(receiveError(message.error));
      case "ping":
        return void this.#pong(message.id);
      case "answer":
        return this.#link.answered(message.id, message.value);
      case "refusal":
        return this.#link.refused(message.id, message.error);
      default:
        assertNever(message);
    }
  }

  async #respond(request: Request): Promise<Response> {
    if (!this.#handler) await this.#patience();
    if (!this.#handler) return new Response("This process has no task\n", { status: 503 });
    return await this.#handler(request) ?? new Response("This is a Sluice task\n", { status: 404 });
  }

  async #patience(): Promise<void> {
    const enough = new AbortController();
    this.#begun.promise.then(() => enough.abort());
    await this.#options.clock.sleep(this.#patienceMs, { signal: enough.signal }).catch(() => {});
  }

  /** Ends the task and waits for another one. */
  async #rest(reason: Error): Promise<void> {
    const handle = this.#handle;
    if (!handle) return;
    this.#handle = null;
    this.#task = null;
    this.#handler = null;
    this.#begun = deferred();
    this.#patienceMs = NEXT_TASK_PATIENCE_MS;
    await handle.stop(reason);
    if (!(this.#host!.leavesNothing?.() ?? true)) return this.#over.resolve();
    this.#link.send({ kind: "rested" });
    this.#prepareLater();
  }

  #prepareLater(): void {
    this.#options.clock.setTimer(() => {
      if (!this.#handle) this.#host!.prepare?.();
    }, IDLE_AFTER_MS);
  }

  /** A thread that hangs keeps back the answer, as this one would. */
  async #pong(id: number): Promise<void> {
    await this.#host?.alive?.();
    this.#link.send({ kind: "pong", id, ...notesOf(this.#handle) });
  }

  #begin({ task }: Extract<ToProcess, { kind: "begin" }>): SingleTask {
    const link = this.#link;
    const definition = receiveDefinition(task);
    const told = async () => void await link.ask({ method: "told" });
    const handle = this.#host!.start(definition, () => link.graph(), told);
    this.#handle = handle;
    handle.completed.then(() => {
      if (this.#handle !== handle) return;
      link.send({ kind: "completed", numDropped: handle.numDropped ?? 0, ...notesOf(handle) });
    });
    return new SingleTask({
      definition,
      handle,
      told,
      onReaders: (count) => {
        if (this.#handle === handle) link.send({ kind: "readers", count });
      },
      onOver: () => {
        if (this.#handle === handle) this.#rest(new CanceledError("The task is over"));
      },
    });
  }
}

function notesOf(handle: TaskHandle | null): { notes?: TaskNotes } {
  const notes = handle?.notes;
  return notes && !isEmptyNotes(notes) ? { notes } : {};
}
