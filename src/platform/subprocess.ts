/** Task processes: this very `deno`, with few permissions and no environment. */

import { FailedPreconditionError, PermissionDeniedError } from "../base/mod.ts";
import type { Subprocess } from "../worker/mod.ts";
import { splitLines } from "./split_lines.ts";

/** What a subprocess is started with. */
export interface SubprocessOptions {
  /** The program, as a URL. */
  readonly module: string;
  /** Flags of `deno run`, permissions among them. */
  readonly flags: readonly string[];
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

// A task that prints without end of line is not to fill the worker's memory.
const MAX_LINE_BYTES = 1024 * 1024;

/**
 * Starts the program; its standard streams are read and written line by line.
 *
 * @throws {PermissionDeniedError} if this program may not start processes
 */
export function startSubprocess({ module, flags, env }: SubprocessOptions): Subprocess {
  const child = spawn(["run", ...flags, module], env);
  const input = child.stdin.getWriter();
  let isOver = false;
  const ended = child.status.then(({ code, signal }) => {
    isOver = true;
    return { code, signal };
  });
  const text = new TextEncoder();
  return {
    pid: child.pid,
    send(line) {
      // Whoever waits for an answer learns from the process's end that there will be none.
      if (!isOver) input.write(text.encode(line + "\n")).catch(() => {});
    },
    output: splitLines(child.stdout, MAX_LINE_BYTES),
    errors: splitLines(child.stderr, MAX_LINE_BYTES),
    ended,
    closeInput: () => void input.close().catch(() => {}),
    kill(signal) {
      if (isOver) return;
      try {
        child.kill(signal);
      } catch {
        // It has ended in this moment.
      }
    },
  };
}

function spawn(args: string[], env: Readonly<Record<string, string>>): Deno.ChildProcess {
  try {
    return new Deno.Command(Deno.execPath(), {
      args,
      env,
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) {
      throw new PermissionDeniedError(
        "Cannot run tasks in processes of their own as this program may not start any: give it --allow-run=deno and " +
          '--allow-read, or set `isolation` to "none"',
        { cause },
      );
    }
    throw new FailedPreconditionError(`Cannot start a task process: ${(cause as Error).message}`, { cause });
  }
}

/** What a Deno needs of the environment to find its cache; everything else stays here. */
const CACHE_VARIABLES = ["DENO_DIR", "HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE", "SystemRoot"];

// Tasks make and drop buffers of megabytes all the time. glibc would give each back to the system, and get it again page
// by page: a quarter of the time of a worker that sends 19 MB batches. 32 MiB is the most that it can be told.
const KEEP_MEMORY = { MALLOC_MMAP_THRESHOLD_: String(32 << 20), MALLOC_TRIM_THRESHOLD_: String(64 << 20) };

/** The environment of a subprocess: where its cache is, and the variables named, or all. */
export function subprocessEnvironment(granted: boolean | readonly string[]): Record<string, string> {
  const env: Record<string, string> = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...KEEP_MEMORY };
  for (const name of [...CACHE_VARIABLES, ...(Array.isArray(granted) ? granted : [])]) {
    const value = variable(name);
    if (value !== undefined) env[name] = value;
  }
  return granted === true ? { ...Deno.env.toObject(), ...env } : env;
}

/** A variable that this program may see. */
function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
