/** Aborted by SIGINT or SIGTERM; the program then ends with the signal's status as soon as its processes are gone. */
export function endOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => controller.abort(new Ended(signal)));
  }
  return controller.signal;
}

/** A signal asked for the end. */
export class Ended extends Error {
  override name = "Ended";

  constructor(signal: "SIGINT" | "SIGTERM") {
    super(`Ended by ${signal}`);
    this.status = signal === "SIGINT" ? 130 : 143;
  }

  /** The status that a program ended by the signal has. */
  readonly status: number;
}
