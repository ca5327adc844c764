/** The processes of a benchmark: all of them end with it, whatever happens. */

/** How long an ended process may take before it is killed. */
const PATIENCE_MS = 5_000;

/** What is kept of what a process says on standard error. */
const MAX_ERROR_CHARACTERS = 4_000;

/** A process. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** The next line that it says; rejects when it has ended. */
  line(): Promise<string>;
  /** Gives it a line. */
  write(line: string): Promise<void>;
}

/** How a process is started. */
export interface StartOptions {
  /** The program; this Deno by default. */
  command?: string;
  args: string[];
  env?: Record<string, string>;
  /** The only core that it may use, where the system can say so. */
  core?: number;
}

/** Starts processes and ends them all, with what they started themselves. */
export class Processes implements AsyncDisposable {
  readonly #signal: AbortSignal;
  readonly #running: { child: Deno.ChildProcess; stdin: WritableStreamDefaultWriter<Uint8Array> }[] = [];
  /** Killed, but perhaps not gone yet. */
  readonly #killed: number[] = [];

  /** @param signal kills every process when it is aborted */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#killAll);
  }

  /** Starts a process. */
  start(name: string, { command = Deno.execPath(), args, env, core }: StartOptions): Child {
    this.#signal.throwIfAborted();
    const pinned = core !== undefined && hasTaskset();
    const child = new Deno.Command(pinned ? "taskset" : command, {
      args: pinned ? ["-c", String(core), command, ...args] : args,
      env: { NO_COLOR: "1", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const stdin = child.stdin.getWriter();
    this.#running.push({ child, stdin });
    const errors = lastOf(child.stderr);
    const lines = linesOf(child.stdout);
    return {
      name,
      pid: child.pid,
      async line() {
        const { value } = await lines.next();
        if (value !== undefined) return value;
        const { code, signal } = await child.status;
        throw new Error(`The ${name} ended with ${signal ?? `status ${code}`}: ${(await errors).trim()}`);
      },
      write: (line) => stdin.write(new TextEncoder().encode(`${line}\n`)),
    };
  }

  readonly #killAll = (): void => {
    for (const { child } of this.#running) this.#kill(processTree(child.pid));
  };

  #kill(pids: number[]): void {
    this.#killed.push(...pids);
    signalAll(pids, "SIGKILL");
  }

  /** Ends the processes, the last one first. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child, stdin } of this.#running.reverse()) {
      const tree = processTree(child.pid);
      await stdin.close().catch(() => {}); // It has ended already.
      signalAll([child.pid], "SIGTERM");
      const timer = setTimeout(() => this.#kill(tree), PATIENCE_MS);
      await child.status;
      clearTimeout(timer);
      this.#kill(tree.slice(1).filter(isAlive));
    }
    // They are nobody's children any more: there is no status to wait for.
    while (this.#killed.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 5));
    this.#running.length = 0;
    this.#signal.removeEventListener("abort", this.#killAll);
  }
}

/** A process and those that it started, and so on; itself alone where the system does not tell, nothing if it has ended. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  const alive = new Set<number>();
  try {
    for (const { name } of Deno.readDirSync("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      const parent = parentOf(name);
      if (parent === null) continue;
      alive.add(Number(name));
      children.set(parent, [...children.get(parent) ?? [], Number(name)]);
    }
  } catch {
    return [root];
  }
  const tree = alive.has(root) ? [root] : [];
  for (const pid of tree) tree.push(...children.get(pid) ?? []);
  return tree;
}

/** Resident memory of a process and of those it started, in bytes; null where the system does not tell. */
export function residentBytes(root: number): number | null {
  let sum = 0;
  for (const pid of processTree(root)) {
    const kilobytes = read(`/proc/${pid}/status`)?.match(/^VmRSS:\s+(\d+) kB$/m)?.[1];
    sum += Number(kilobytes ?? 0) * 1024;
  }
  return sum === 0 ? null : sum;
}

function parentOf(pid: string): number | null {
  const status = read(`/proc/${pid}/status`);
  return status === null || /^State:\s+Z/m.test(status)
    ? null
    : Number(status.match(/^PPid:\s+(\d+)$/m)?.[1]);
}

function read(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null; // It has ended.
  }
}

/** Whether a process runs; no where the system does not tell. */
const isAlive = (pid: number) => parentOf(String(pid)) !== null;

function signalAll(pids: number[], signal: Deno.Signal): void {
  for (const pid of pids) {
    try {
      Deno.kill(pid, signal);
    } catch {
      // It has ended already.
    }
  }
}

let taskset: boolean | undefined;

function hasTaskset(): boolean {
  try {
    return taskset ??= new Deno.Command("taskset", { args: ["-c", "0", "true"] }).outputSync().success;
  } catch {
    return taskset = false;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (
    const text of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
  ) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

async function lastOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  let last = "";
  for await (
    const text of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
  ) {
    last = (last + text).slice(-MAX_ERROR_CHARACTERS);
  }
  return last;
}
