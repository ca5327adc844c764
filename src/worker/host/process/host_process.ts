import {
  assertNever,
  type Clock,
  deferred,
  InternalError,
  type Log,
  messageOf,
  type SluiceError,
  type Timer,
} from "../../../base/mod.ts";
import { endReason } from "./end_reason.ts";
import {
  type Asked,
  decodeLine,
  encodeLine,
  type FromProcess,
  type ProcessSetup,
  sendError,
  type SentDefinition,
  type ToProcess,
} from "./messages.ts";
import type { TaskNotes } from "../../runners/task_notes.ts";
import type { Subprocess } from "./subprocess.ts";
import { Watchdog } from "./watchdog.ts";

/** What a {@linkcode HostProcess} works with. */
export interface HostProcessOptions {
  readonly process: Subprocess;
  readonly setup: ProcessSetup;
  readonly clock: Clock;
  readonly log: Log;
  /** How long it may be silent, in milliseconds. */
  readonly watchdogMs: number;
  /** The limit of its heap, for messages. */
  readonly heapLimitMb: number;
  /** Takes a line that user code printed. */
  readonly onPrinted: (line: string) => void;
}

/** Who works with the process once it has a task. */
export interface ProcessOwner {
  /** Answers what the process asks for. */
  answer(asked: Asked): Promise<unknown>;
  /** This many clients have sessions. */
  readers(count: number): void;
  /** This is what there is to say of the task by now. */
  noted(notes: TaskNotes): void;
  /** The task is completed. */
  completed(numDropped: number): void;
  /** The task has ended; the process is nobody's now. */
  rested(): void;
}

/** A process that is not ready by then never will be. */
const START_MS = 60_000;

/** A task that has not ended by then is ended with its process. */
const REST_WITHIN_MS = 500;

/** Between being asked to end and being killed a process gets this long. */
const TERM_AFTER_MS = 500;
const KILL_AFTER_MS = 2_000;

const KEPT_ERROR_LINES = 50;

/** One task process, seen by the worker: its messages, its life, and the reason of its end. It has one task at a time. */
export class HostProcess {
  readonly #options: HostProcessOptions;
  readonly #ready = deferred<number>();
  readonly #ended = deferred<SluiceError | null>();
  #watchdog: Watchdog | null = null;
  #owner: ProcessOwner | null = null;
  #rested = deferred<void>();
  #lastErrors: string[] = [];
  #isLeaving = false;
  #killedFor: SluiceError | null = null;
  #timers: Timer[] = [];

  /** Takes over a process that has just been started. */
  constructor(options: HostProcessOptions) {
    this.#options = options;
    const { process, setup, clock } = options;
    this.#ready.promise.catch(() => {}); // A process that nobody needs may fail to start.
    this.#timers.push(
      clock.setTimer(() => {
        if (this.#watchdog) return;
        this.#kill(new InternalError(`Task process ended: it did not start within ${START_MS / 1000} s`));
      }, START_MS),
    );
    this.#send({ kind: "setup", setup });
    const errors = this.#readErrors();
    const output = this.#readOutput();
    process.ended.then(async (ending) => {
      this.#watchdog?.stop();
      for (const timer of this.#timers) timer.clear();
      await Promise.all([errors, output]); // What it said last says why it ended.
      const { heapLimitMb } = options;
      const circumstances = { lastErrors: this.#lastErrors, killedFor: this.#killedFor, heapLimitMb };
      const reason = this.#isLeaving ? null : endReason(ending, circumstances);
      this.#ready.reject(reason ?? new InternalError("Task process ended before it was ready"));
      this.#ended.resolve(reason);
    });
  }

  /** The process's number. */
  get pid(): number {
    return this.#options.process.pid;
  }

  /** Where it listens for readers on this host; null: nowhere. */
  get socketPath(): string | null {
    return this.#options.setup.socketPath;
  }

  /** The port that it listens on, once it does. Rejects with the reason if it ends before. */
  get ready(): Promise<number> {
    return this.#ready.promise;
  }

  /** Resolves when it has ended: with the reason, or null where it was to end. */
  get ended(): Promise<SluiceError | null> {
    return this.#ended.promise;
  }

  /** Gives it its task. */
  begin(task: SentDefinition, owner: ProcessOwner): void {
    this.#owner = owner;
    this.#rested = deferred();
    this.#send({ kind: "begin", task });
  }

  /**
   * Ends its task with an error for the readers. The process rests then; one whose task does not end is ended, too.
   * Resolves when it has rested or ended. Idempotent; does not reject.
   */
  async rest(reason: unknown): Promise<void> {
    if (this.#owner === null) return;
    this.#send({ kind: "rest", error: sendError(reason) });
    const timer = this.#options.clock.setTimer(() => this.stop(reason), REST_WITHIN_MS);
    await Promise.race([this.#rested.promise, this.#ended.promise]);
    timer.clear();
  }

  /** Ends the session of a lost reader, if there is one. */
  release(clientId: bigint): void {
    this.#send({ kind: "release", clientId: String(clientId) });
  }

  /** Ends its task with an error for the readers, and the process, by force if need be. Idempotent; does not reject. */
  async stop(reason: unknown): Promise<void> {
    if (!this.#isLeaving) {
      this.#isLeaving = true;
      const { process, clock } = this.#options;
      this.#send({ kind: "stop", error: sendError(reason) });
      process.closeInput();
      this.#timers.push(
        clock.setTimer(() => process.kill("SIGTERM"), TERM_AFTER_MS),
        clock.setTimer(() => process.kill("SIGKILL"), KILL_AFTER_MS),
      );
    }
    await this.#ended.promise;
  }

  #watch(): Watchdog {
    const { clock, watchdogMs } = this.#options;
    return new Watchdog({
      clock,
      timeoutMs: watchdogMs,
      ping: (id) => this.#send({ kind: "ping", id }),
      onSilent: () => {
        this.#kill(new InternalError(`Task process ended: it did not answer for ${watchdogMs / 1000} s`));
      },
    });
  }

  #kill(reason: SluiceError): void {
    this.#killedFor ??= reason;
    this.#options.process.kill("SIGKILL");
  }

  #send(message: ToProcess): void {
    this.#options.process.send(encodeLine(message));
  }

  async #readErrors(): Promise<void> {
    for await (const line of this.#options.process.errors) {
      this.#lastErrors.push(line);
      if (this.#lastErrors.length > KEPT_ERROR_LINES) this.#lastErrors.shift();
      this.#options.onPrinted(line);
    }
  }

  async #readOutput(): Promise<void> {
    const { process, setup: { mark }, onPrinted } = this.#options;
    for await (const line of process.output) {
      const at = line.indexOf(mark);
      if (at !== 0) onPrinted(at < 0 ? line : line.slice(0, at));
      if (at < 0) continue;
      try {
        this.#receive(decodeLine<FromProcess>(line.slice(at + mark.length)));
      } catch (error) {
        this.#kill(new InternalError(`Task process ended: ${messageOf(error)}`, { cause: error }));
      }
    }
  }

  #receive(message: FromProcess): void {
    switch (message.kind) {
      case "ready":
        this.#watchdog ??= this.#watch();
        return this.#ready.resolve(message.port);
      case "pong":
        if (message.notes) this.#owner?.noted(message.notes);
        return this.#watchdog?.pong(message.id);
      case "ask":
        return void this.#answer(message.id, message.asked);
      case "readers":
        return this.#owner?.readers(message.count);
      case "completed":
        if (message.notes) this.#owner?.noted(message.notes);
        return this.#owner?.completed(message.numDropped);
      case "rested": {
        const owner = this.#owner;
        this.#owner = null;
        this.#rested.resolve();
        return owner?.rested();
      }
      case "leaving":
        this.#isLeaving = true;
        return;
      default:
        assertNever(message);
    }
  }

  async #answer(id: number, asked: Asked): Promise<void> {
    try {
      if (!this.#owner) throw new InternalError("The process has no task");
      this.#send({ kind: "answer", id, value: await this.#owner.answer(asked) ?? null });
    } catch (error) {
      this.#send({ kind: "refusal", id, error: sendError(error) });
    }
  }
}
