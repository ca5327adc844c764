import { InternalError } from "../../base/mod.ts";
import type { LaneListener, LanePort } from "./lane_port.ts";
import { MessageLine } from "./message_line.ts";
import type { FromLane, ToLane } from "./messages.ts";
import { Pulse } from "./pulse.ts";

/** A Web Worker that works as a lane. It may be started before anybody listens to it. */
export class LaneThread implements LanePort {
  readonly #worker: Worker;
  readonly #line: MessageLine<FromLane, ToLane>;
  readonly #pulse: Pulse;
  readonly #onOver: () => void;
  #listener: LaneListener | null = null;
  /** What has come and was not told, as there was no listener. */
  #untold: FromLane[] = [];
  /** Why the thread has ended by itself, until that is told. */
  #failure: Error | null = null;
  #isReady = false;
  #isOver = false;

  /** Starts the module at `url`; `onOver` is called once, when the thread has ended by itself or was terminated. */
  constructor(url: string, onOver: () => void) {
    this.#onOver = onOver;
    const worker = new Worker(url, { type: "module", name: "sluice lane" });
    this.#worker = worker;
    this.#pulse = new Pulse((beat) => worker.postMessage(beat));
    worker.onmessage = ({ data }: MessageEvent<number>) => this.#pulse.echo(data);
    const { port1, port2 } = new MessageChannel();
    this.#line = new MessageLine<FromLane, ToLane>(port1, (message) => {
      if (message.kind === "ready") this.#isReady = true;
      this.#untold.push(message);
      this.#tell();
    });
    worker.onerror = (event) => {
      event.preventDefault(); // It would end the whole process.
      if (this.#isOver) return;
      this.#failure = new InternalError(event.message || "The lane has ended");
      this.#end();
      this.#tell();
    };
    worker.postMessage(port2, [port2]);
  }

  /** Resolves when the thread has turned its event loop, or has ended. */
  beat(): Promise<void> {
    return this.#pulse.beat();
  }

  /**
   * Takes a listener, who is told what has come until now: before anything else happens, though not before this call
   * has ended. A thread may fail as soon as it has begun, which is told to a listener that comes later, too.
   */
  listen(listener: LaneListener): void {
    this.#listener = listener;
    queueMicrotask(() => this.#tell());
  }

  /** Whether it can be a lane once more, if nothing of its user's runs in it. */
  get isReady(): boolean {
    return this.#isReady && !this.#isOver;
  }

  /** Forgets its listener; the next one finds a lane that is ready. */
  release(): void {
    this.#listener = null;
    this.#untold = [{ kind: "ready" }];
  }

  post(message: ToLane, transfer?: ArrayBuffer[]): void {
    this.#line.post(message, transfer);
  }

  poll(): void {
    this.#line.poll();
  }

  terminate(): void {
    this.#listener = null;
    if (!this.#isOver) this.#end();
  }

  #end(): void {
    this.#isOver = true;
    this.#untold = [];
    this.#line.close();
    this.#worker.terminate();
    this.#pulse.end();
    this.#onOver();
  }

  #tell(): void {
    while (this.#listener && this.#untold.length > 0) this.#listener.message(this.#untold.shift()!);
    const failure = this.#failure;
    if (!this.#listener || !failure) return;
    this.#failure = null;
    this.#listener.broken(failure);
  }
}
