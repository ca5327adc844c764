import { FakeClock, SeededRandom, silentLog } from "../../../../src/base/mod.ts";
import { portableCodecs } from "../../../../src/element/mod.ts";
import { createInProcessHost } from "../../../../src/worker/host/in_process.ts";
import type { Ending, Subprocess } from "../../../../src/worker/host/process/subprocess.ts";
import { runTaskProcess } from "../../../../src/worker/host/process/task_process.ts";
import { memoryFileSystem } from "../../../../src/sources/mod.ts";

/** Lines that are written before, and read after, in the same thread. */
export class Lines {
  readonly #stream = new TransformStream<string, string>(undefined, { highWaterMark: 1_000 });
  readonly #writer = this.#stream.writable.getWriter();

  get all(): AsyncIterable<string> {
    return this.#stream.readable;
  }

  write(line: string): void {
    this.#writer.write(line).catch(() => {});
  }

  close(): void {
    this.#writer.close().catch(() => {});
  }
}

/** "Processes" that run the task program in this thread, and a fetch that reaches them. */
export class MemoryProcesses {
  readonly #ports = new Map<number, (request: Request) => Promise<Response>>();
  #lastPort = 7_000;
  readonly clock: FakeClock;
  readonly started: {
    crash(ending: Ending, lastWords?: string): void;
    /** Takes no message any more. */
    hang(): void;
    readonly signals: string[];
    readonly hasEnded: boolean;
  }[] = [];
  /** What the hosts of the processes say of threads. */
  leavesNothing = true;
  /** How many of their hosts were told to get ready. */
  prepared = 0;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const handler = this.#ports.get(Number(new URL(request.url).port));
    if (!handler) throw new TypeError("fetch failed: connection refused");
    return await handler(request);
  };

  readonly spawn = (): Subprocess => {
    const port = this.#lastPort++;
    const [input, output, errors] = [new Lines(), new Lines(), new Lines()];
    const ended = Promise.withResolvers<Ending>();
    const signals: string[] = [];
    let hangs = false;
    let hasEnded = false;
    const end = (ending: Ending) => {
      hasEnded = true;
      this.#ports.delete(port);
      output.close();
      errors.close();
      ended.resolve(ending);
    };
    runTaskProcess({
      clock: this.clock,
      input: input.all,
      write: (line) => output.write(line),
      serve: (_, handler) => {
        this.#ports.set(port, handler);
        return { port, stop: () => Promise.resolve() };
      },
      createHost: (_, dispatcher) => ({
        prepare: () => void this.prepared++,
        leavesNothing: () => this.leavesNothing,
        ...createInProcessHost({
          clock: this.clock,
          random: new SeededRandom(3),
          log: silentLog,
          codecs: portableCodecs,
          files: memoryFileSystem({}),
          Dataset: { fromArray: () => ({}) },
          dataService: () => {
            throw new Error("No services here");
          },
          dispatcher,
          dispatcherTimeoutMs: 60_000,
        }),
      }),
    }).then(() => end({ code: 0, signal: null }));
    this.started.push({
      signals,
      get hasEnded() {
        return hasEnded;
      },
      hang: () => void (hangs = true),
      crash(ending, lastWords) {
        if (lastWords) errors.write(lastWords);
        end(ending);
      },
    });
    return {
      pid: port,
      send: (line) => {
        if (!hangs) input.write(line);
      },
      output: output.all,
      errors: errors.all,
      ended: ended.promise,
      closeInput: () => {
        if (!hangs) input.close();
      },
      kill(signal) {
        signals.push(signal);
        end({ code: 137, signal });
      },
    };
  };
}
