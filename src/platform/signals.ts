/** SIGINT and SIGTERM. */

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once with status 130. */
export function untilSignalled(): Promise<Deno.Signal> {
  return new Promise((resolve) => {
    let signalled = false;
    for (const signal of SIGNALS) {
      Deno.addSignalListener(signal, () => {
        if (signalled) Deno.exit(130);
        signalled = true;
        resolve(signal);
      });
    }
  });
}
