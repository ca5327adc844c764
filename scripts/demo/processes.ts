/** The service's processes: a dispatcher and its workers, each started again whenever it ends. */

import { ServerProcess, type Serving } from "./server_process.ts";

/** What is told of the processes. */
export interface ProcessesOptions {
  /** Told that one has ended and is there again. */
  readonly tell: (line: string) => void;
  /** Told what they write to their standard error. */
  readonly tellError: (line: string) => void;
  /** What their environment has besides; `DEMO_SERVER` is the name of each. @default nothing */
  readonly env?: Readonly<Record<string, string>>;
  /** So many times in a row one may end without having served for 5 seconds; then it is started no more. @default 10 */
  readonly maxEnds?: number;
}

/** A server, whichever process it is. */
export interface Server extends Serving {
  readonly name: string;
  /** Its first process. */
  readonly pid: number;
}

// One that has served for so long can start.
const SOUND_MS = 5_000;

// Ctrl-C reaches the servers, too: whoever is about to end everything has this long to say so.
const PAUSE_MS = 100;

/** Starts servers, keeps them running, and ends them all. */
export class Processes implements AsyncDisposable {
  readonly #options: ProcessesOptions;
  /** Those that run or start, by name, in the order of their first start. */
  readonly #running = new Map<string, ServerProcess>();
  readonly #ends = new Map<string, number>();
  #ending = false;
  readonly #keeping: Promise<void>[] = [];
  readonly #failed = Promise.withResolvers<never>();

  /** Starts none yet. */
  constructor(options: ProcessesOptions) {
    this.#options = options;
    this.#failed.promise.catch(() => {}); // Nobody may be looking when it happens.
  }

  /** Rejects when a server ends over and over, and is started no more. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** How many times a server has ended. */
  endsOf(name: string): number {
    return this.#ends.get(name) ?? 0;
  }

  /**
   * Starts a script of `scripts/` and resolves when it serves. From then on it is started again, at its port, whenever
   * it ends.
   *
   * @throws {Error} if it ends before it serves
   */
  async start(name: string, script: string, ...args: string[]): Promise<Server> {
    const first = this.#spawn(name, script, args);
    const serving = await first.serving;
    if (!serving) throw new Error(`The ${name} did not start: ${await first.ended}`);
    const port = new URL(serving.target).port;
    this.#keeping.push(this.#keep(first, name, script, [...args, `--port=${port}`]));
    return { name, pid: first.pid, ...serving };
  }

  #spawn(name: string, script: string, args: readonly string[]): ServerProcess {
    const { tellError, env = {} } = this.#options;
    const process = new ServerProcess({
      name,
      script,
      args,
      env: { ...env, DEMO_SERVER: name },
      onError: (line) => tellError(`${name}: ${line}`),
    });
    this.#running.set(name, process);
    return process;
  }

  async #keep(first: ServerProcess, name: string, script: string, args: readonly string[]): Promise<void> {
    const { tell, maxEnds = 10 } = this.#options;
    let process = first;
    let servesSince = performance.now();
    let inARow = 0;
    for (;;) {
      const how = await process.ended;
      this.#ends.set(name, this.endsOf(name) + 1);
      inARow = performance.now() - servesSince < SOUND_MS ? inARow + 1 : 1;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      if (this.#ending) return;
      if (inARow >= maxEnds) {
        return this.#failed.reject(
          new Error(`The ${name} ended ${inARow} times in a row, at last with ${how}`),
        );
      }
      const former = process;
      process = this.#spawn(name, script, args);
      // One that ends before it serves is the next one to have ended.
      servesSince = await process.serving ? performance.now() : Infinity;
      if (servesSince === Infinity || this.#ending) continue;
      tell(`${name} (process ${former.pid}) ended with ${how}, started again: process ${process.pid}`);
    }
  }

  /** Ends every process, the workers before the dispatcher, and waits for them. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true;
    const [dispatcher, ...workers] = this.#running.values();
    await Promise.all(workers.map((worker) => worker.end()));
    await dispatcher?.end();
    await Promise.all(this.#keeping);
  }
}
