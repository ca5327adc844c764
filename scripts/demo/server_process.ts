/** A server in a process of its own. */

import { splitLines } from "../../src/platform/mod.ts";

/** What a server is started with. */
export interface ServerOptions {
  /** What people call it. */
  readonly name: string;
  /** Its program, a script of `scripts/`. */
  readonly script: string;
  readonly args: readonly string[];
  /** What its environment has besides. */
  readonly env: Readonly<Record<string, string>>;
  /** Told each line that it writes to its standard error. */
  readonly onError: (line: string) => void;
}

/** The line by which a server says that it serves. */
export interface Serving {
  readonly address: string;
  readonly target: string;
}

// A server hands back what it holds when it is asked to end. One that takes longer is ended.
const END_WITHIN_MS = 3_000;

// A longer line is told in pieces.
const MAX_LINE_LENGTH = 64 * 1024;

/** A server in a process of its own. */
export class ServerProcess {
  readonly pid: number;
  /** Where it serves; null if it ended before. */
  readonly serving: Promise<Serving | null>;
  /** How it ended, such as "SIGKILL" or "status 1". */
  readonly ended: Promise<string>;
  readonly #child: Deno.ChildProcess;

  /** Starts it. */
  constructor({ script, args, env, onError }: ServerOptions) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--allow-all",
        "--quiet",
        new URL(`../${script}`, import.meta.url).href,
        "--json",
        ...args,
      ],
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { stdout, stderr, status } = this.#child;
    this.pid = this.#child.pid;
    this.serving = firstLine(stdout).then((line) => line === undefined ? null : JSON.parse(line) as Serving);
    const told = tellLines(stderr, onError);
    this.ended = status.then(async ({ code, signal }) => {
      await told; // Its reason comes before its end.
      return signal ?? `status ${code}`;
    });
  }

  /** Ends it and waits for that. */
  async end(): Promise<void> {
    this.#signal("SIGTERM");
    const timer = setTimeout(() => this.#signal("SIGKILL"), END_WITHIN_MS);
    await this.ended;
    clearTimeout(timer);
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended already.
    }
  }
}

/** The first line of a stream, which goes on being read; undefined if there is none. */
function firstLine(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string | undefined> {
  return new Promise((resolve) => {
    tellLines(stream, resolve).then(() => resolve(undefined));
  });
}

async function tellLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  tell: (line: string) => void,
): Promise<void> {
  for await (const line of splitLines(stream, MAX_LINE_LENGTH)) tell(line);
}
