/** The port to processes: `src/platform/` starts them, tests play them. */

/** How a process ended. */
export interface Ending {
  /** Its status. */
  readonly code: number;
  /** The signal that ended it, such as "SIGKILL"; null: none. */
  readonly signal: string | null;
}

/** A process that runs the task program. */
export interface Subprocess {
  /** Its number. */
  readonly pid: number;
  /** Sends a line to its standard input. After its end nothing happens. */
  send(line: string): void;
  /** The lines of its standard output; ends with it. To be read by one. */
  readonly output: AsyncIterable<string>;
  /** The lines of its standard error; ends with it. To be read by one. */
  readonly errors: AsyncIterable<string>;
  /** Resolves when it has ended. Never rejects. */
  readonly ended: Promise<Ending>;
  /** Closes its standard input, which asks it to end. Idempotent. */
  closeInput(): void;
  /** Sends it a signal. After its end nothing happens. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

/**
 * Starts a process. `socketPath`: where it is to be allowed to listen; null: nowhere but on its port.
 *
 * @throws {PermissionDeniedError} if this program may not start processes
 */
export type SpawnProcess = (socketPath: string | null) => Subprocess;
