import { PermissionDeniedError } from "../base/mod.ts";

/** What a run of the `deno` program gave. */
export interface DenoOutput {
  /** Whether it ended with status 0. */
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs this very `deno` with `args` in `cwd`, where it finds the configuration and the lock file that belong
 * there. Aborting `signal` kills the process and rejects with the signal's reason.
 *
 * @throws {PermissionDeniedError} if the program may not run it
 */
export async function runDeno(
  args: readonly string[],
  options: { cwd: URL; signal?: AbortSignal },
): Promise<DenoOutput> {
  const { cwd, signal } = options;
  signal?.throwIfAborted();
  const output = await spawn(args, cwd, signal);
  signal?.throwIfAborted();
  const text = new TextDecoder();
  return {
    success: output.success,
    stdout: text.decode(output.stdout),
    stderr: text.decode(output.stderr),
  };
}

async function spawn(args: readonly string[], cwd: URL, signal?: AbortSignal): Promise<Deno.CommandOutput> {
  try {
    const command = new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd,
      signal,
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    return await command.output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new PermissionDeniedError(
      `Cannot run "deno ${
        args[0]
      }" as this program may not start processes: give it --allow-run=deno and --allow-read`,
      { cause: error },
    );
  }
}
