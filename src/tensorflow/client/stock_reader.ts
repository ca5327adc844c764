import { type Clock, type Log, messageOf, NotFoundError, type Random } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../../executor/mod.ts";
import type { TaskInfo } from "../../gen/tensorflow/data/common_pb.ts";
import type { ClientHeartbeatResponse } from "../../gen/tensorflow/data/dispatcher_pb.ts";
import type { TfDataServiceOptions } from "../../graph/mod.ts";
import { type ElementAnswer, readElementSpec, type Structure, structureOfSpec } from "../elements/mod.ts";
import type { GrpcClient } from "../grpc/client.ts";
import { StockDispatcher } from "./stock_dispatcher.ts";
import { StockTask } from "./stock_task.ts";

/** What a {@linkcode StockReader} works with. */
export interface StockReaderOptions {
  readonly options: TfDataServiceOptions;
  /** Which pass over the dataset this is, from 1 as TensorFlow's readers count. */
  readonly repetition: number;
  /** Makes a client of a server. */
  readonly connect: (address: string) => GrpcClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The reader's program has left. */
  readonly signal: AbortSignal;
}

/** Elements that are buffered or asked for, unless the program says how many. */
const DEFAULT_OUTSTANDING = 16;

/** No more elements are asked for while as many bytes are buffered. */
const MAX_BUFFERED_BYTES = 32 * 1024 * 1024;

/** Once all tasks have ended, the first wait until the dispatcher is asked again whether that is all, in milliseconds. */
const END_POLL_MS = 5;

const COLOCATED = "COLOCATED";

/**
 * - `reading`: elements come, or will.
 * - `failed`: what is buffered is given, and then the error.
 * - `ended`: what is buffered is given, and that is all.
 * - `closed`: nobody reads any more.
 */
type State =
  | { readonly kind: "reading" }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "ended" }
  | { readonly kind: "closed" };

/** One pass over a dataset of a stock tf.data service. Elements of one task come in their order. */
export class StockReader implements ElementIterator<Element> {
  readonly #parts: StockReaderOptions;
  readonly #left = new AbortController();
  readonly #clients = new Map<string, GrpcClient>();
  readonly #tasks = new Map<bigint, StockTask>();
  /** The tasks that are being read. */
  readonly #running = new Set<StockTask>();
  /** Tasks that have ended, and those of other trainers' hosts: they are listed on. */
  readonly #past = new Set<bigint>();
  readonly #buffer: { readonly element: Element; readonly bytes: number }[] = [];
  #bufferedBytes = 0;
  #asked = 0;
  /** Tasks that wait for room, in turn. */
  readonly #waiting = new Set<() => void>();
  #state: State = { kind: "reading" };
  #working: Promise<void> | null = null;
  #isFinished = false;
  #leftOut = false;
  #endPollMs = END_POLL_MS;
  /** Wakes the program that waits for an element, and the heartbeat that waits for its time. */
  #wake: (() => void) | null = null;
  #beatNow: (() => void) | null = null;

  /** Calls nobody before the first pull. */
  constructor(parts: StockReaderOptions) {
    this.#parts = parts;
  }

  next(): Pulled<Element> | Promise<Pulled<Element>> {
    this.#working ??= this.#begin();
    const first = this.#buffer.shift();
    if (!first) return this.#wait();
    this.#bufferedBytes -= first.bytes;
    this.#letAsk();
    return first.element;
  }

  async close(): Promise<void> {
    if (this.#state.kind === "closed") return;
    this.#state = { kind: "closed" };
    this.#left.abort();
    for (const task of this.#running) task.leave();
    this.#wake?.();
    this.#beatNow?.();
    await this.#working;
  }

  async #wait(): Promise<Pulled<Element>> {
    for (;;) {
      if (this.#buffer.length > 0) return this.next();
      const { signal } = this.#parts;
      signal.throwIfAborted();
      switch (this.#state.kind) {
        case "failed":
          throw this.#state.error;
        case "ended":
        case "closed":
          return DONE;
        case "reading":
          await new Promise<void>((resolve) => this.#wake = resolve);
          this.#wake = null;
      }
    }
  }

  #begin(): Promise<void> {
    this.#parts.signal.addEventListener("abort", () => this.#wake?.(), { once: true });
    return this.#work();
  }

  /** Joins, reads, and leaves. Does not throw. */
  async #work(): Promise<void> {
    const { options, connect, clock, random, log } = this.#parts;
    const client = connect(options.address);
    const { signal } = this.#left;
    const timeoutMs = options.dispatcherTimeoutMs;
    const dispatcher = new StockDispatcher({ client, clock, random, log, timeoutMs, signal });
    let id: bigint | null = null;
    try {
      const structure = await this.#structure(dispatcher);
      id = await dispatcher.join(options, this.#parts.repetition);
      while (this.#state.kind === "reading") {
        this.#hear(await dispatcher.heartbeat(id), structure);
        if (this.#state.kind === "reading") await this.#untilNextBeat();
      }
    } catch (error) {
      this.#fail(error);
    }
    for (const task of this.#running) task.leave();
    if (id !== null) {
      await dispatcher.leave(id).catch((error) =>
        log.info("A tf.data service has not heard that its reader has left", { reason: messageOf(error) })
      );
    }
    client.close();
    for (const each of this.#clients.values()) each.close();
  }

  async #structure(dispatcher: StockDispatcher): Promise<Structure> {
    const { options: { datasetId, elementSpec } } = this.#parts;
    const metadata = await dispatcher.metadata(datasetId);
    if (elementSpec) return structureOfSpec(elementSpec);
    const spec = metadata?.optionalElementSpec;
    if (spec?.case === "elementSpec" && spec.value.length > 0) return readElementSpec(spec.value);
    throw new NotFoundError(
      `The tf.data service does not know the element spec of dataset "${datasetId}": give \`elementSpec\``,
    );
  }

  /** Takes in what the dispatcher says. */
  #hear({ taskInfo, iterationFinished }: ClientHeartbeatResponse, structure: Structure): void {
    if (this.#state.kind !== "reading") return;
    this.#isFinished = iterationFinished;
    const listed = new Set(taskInfo.map(({ taskId }) => taskId));
    for (const [id, task] of this.#tasks) {
      if (listed.has(id)) continue;
      this.#tasks.delete(id);
      task.leave();
    }
    for (const info of taskInfo) {
      if (!this.#tasks.has(info.taskId) && !this.#past.has(info.taskId)) this.#beginTask(info, structure);
    }
    this.#endIfOver();
  }

  #beginTask(info: TaskInfo, structure: Structure): void {
    const { options: { targetWorkers, trainerId, dispatcherTimeoutMs }, clock, random } = this.#parts;
    const { taskId } = info;
    if (targetWorkers === "AUTO" && info.workerTags.some((tag) => tag.toUpperCase() === COLOCATED)) {
      this.#past.add(taskId);
      this.#leftOut = true;
      return;
    }
    const task = new StockTask({
      taskId,
      client: this.#clientOf(info),
      structure,
      trainerId: trainerId ?? "",
      clock,
      random,
      timeoutMs: dispatcherTimeoutMs,
      room: (signal) => this.#room(signal),
      give: (answer, bytes) => this.#take(answer, bytes),
      isOver: () => this.#isFinished,
    });
    this.#tasks.set(taskId, task);
    this.#running.add(task);
    task.run().then(() => this.#past.add(taskId), (error) => this.#fail(error)).finally(() => {
      this.#running.delete(task);
      if (this.#tasks.get(taskId) === task) this.#tasks.delete(taskId);
      if (this.#running.size === 0) {
        this.#endPollMs = END_POLL_MS;
        this.#beatNow?.();
      }
      this.#endIfOver();
    });
  }

  #clientOf({ workerAddress, transferServers }: TaskInfo): GrpcClient {
    const server = transferServers.find(({ protocol }) => protocol === "grpc");
    if (!server && transferServers.length > 0) {
      throw new NotFoundError(
        `Protocol 'grpc' is not available for the tf.data worker at ${workerAddress}: it has ${
          transferServers.map(({ protocol }) => protocol).join(", ")
        }`,
      );
    }
    const address = server?.address ?? workerAddress;
    let client = this.#clients.get(address);
    if (!client) this.#clients.set(address, client = this.#parts.connect(address));
    return client;
  }

  #take(answer: Exclude<ElementAnswer, { kind: "skip" }> | null, bytes: number): void {
    this.#asked--;
    if (answer?.kind === "element") {
      this.#buffer.push({ element: answer.element, bytes });
      this.#bufferedBytes += bytes;
      this.#wake?.();
    }
    this.#letAsk();
  }

  #room(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#waiting.delete(go);
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(go);
      this.#letAsk();
    });
  }

  get #hasRoom(): boolean {
    const { maxOutstandingRequests } = this.#parts.options;
    const most = maxOutstandingRequests ?? Math.max(DEFAULT_OUTSTANDING, this.#running.size);
    return this.#asked + this.#buffer.length < most && this.#bufferedBytes < MAX_BUFFERED_BYTES;
  }

  #letAsk(): void {
    for (const go of this.#waiting) {
      if (!this.#hasRoom) return;
      this.#asked++;
      this.#waiting.delete(go);
      go();
    }
  }

  #endIfOver(): void {
    if (this.#state.kind !== "reading" || this.#running.size > 0) return;
    const hasReadAll = this.#isFinished || (this.#leftOut && this.#past.size > 0);
    if (!hasReadAll) return;
    this.#state = { kind: "ended" };
    this.#wake?.();
    this.#beatNow?.();
  }

  #fail(error: unknown): void {
    if (this.#state.kind !== "reading") return;
    this.#state = { kind: "failed", error };
    this.#wake?.();
    this.#beatNow?.();
  }

  /** The time of a heartbeat, or earlier: when the last task has ended, the dispatcher knows at once whether that is all. */
  async #untilNextBeat(): Promise<void> {
    const { clock, options: { taskRefreshIntervalMs } } = this.#parts;
    const isEnding = this.#running.size === 0 && this.#past.size > 0;
    const ms = isEnding ? Math.min(this.#endPollMs, taskRefreshIntervalMs) : taskRefreshIntervalMs;
    if (isEnding) this.#endPollMs *= 2;
    await new Promise<void>((resolve) => {
      const timer = clock.setTimer(resolve, ms);
      this.#beatNow = () => {
        timer.clear();
        resolve();
      };
    });
    this.#beatNow = null;
  }
}
