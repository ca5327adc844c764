/** The scripts as a user starts them: processes of their own, ended by their id. */

/** A running script. */
export interface Program extends AsyncDisposable {
  readonly pid: number;
  /** What the script's first line of output said. */
  readonly firstLine: string;
  kill(signal: Deno.Signal): void;
  readonly status: Promise<Deno.CommandStatus>;
  /** What it had written to its standard error when it ended. */
  readonly errors: Promise<string>;
}

function command(script: string, args: string[], env?: Record<string, string>): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--quiet",
      new URL(`../../scripts/${script}`, import.meta.url).href,
      ...args,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env,
  });
}

/** Starts a script of `scripts/` and waits for its first line. */
export async function startProgram(
  script: string,
  args: string[],
  env?: Record<string, string>,
): Promise<Program> {
  const child = command(script, args, env).spawn();
  const errors = new Response(child.stderr).text();
  const lines = child.stdout.pipeThrough(new TextDecoderStream());
  const reader = lines.getReader();
  const { value } = await reader.read();
  if (value === undefined) throw new Error(`${script} ended before its first line: ${await errors}`);
  return {
    pid: child.pid,
    firstLine: value.trimEnd(),
    kill: (signal) => child.kill(signal),
    status: child.status,
    errors,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
      await Promise.all([child.status, errors, reader.cancel()]);
    },
  };
}

/** Runs a script of `scripts/` to its end. */
export async function runProgram(
  script: string,
  args: string[],
  env?: Record<string, string>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await command(script, args, env).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}
