import { Ended, endOnSignals } from "./signals.ts";

/**
 * Runs a program to its end and leaves with its status: 2 for a wrong command line (a RangeError), the signal's own
 * after a signal.
 *
 * @param main is given a signal that is aborted when the program is to end
 */
export async function runMain(
  name: string,
  main: (args: string[], signal: AbortSignal) => Promise<number>,
): Promise<never> {
  const signal = endOnSignals();
  let status: number;
  try {
    status = await main(Deno.args, signal);
  } catch (error) {
    if (signal.reason instanceof Ended) status = signal.reason.status; // Whatever the end brought about.
    else if (error instanceof RangeError) {
      console.error(`${name}: ${error.message}`);
      status = 2;
    } else throw error;
  }
  Deno.exit(status);
}
