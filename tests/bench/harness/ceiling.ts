import { converse, program } from "./conversation.ts";
import type { Processes } from "./processes.ts";
import { nextCount } from "./throughput.ts";

/** How the ceiling is called in the table. */
export const CEILING = "bare HTTP stream (peer not installed)";

/** The bytes per second of a bare HTTP stream between two processes. */
export async function bareStream(processes: Processes, seconds: number): Promise<() => Promise<number>> {
  const server = await converse(processes, "bare server", {
    args: program("programs/bare_stream.ts", "server"),
  });
  const reader = await converse(processes, "bare reader", {
    args: program("programs/bare_stream.ts", "reader", server.ready.target),
  });
  const pass = (bytes: number) => reader.ask<{ bytes: number; seconds: number }>("read", { bytes });
  let bytes = 100_000_000;
  for (let warmUps = 0; warmUps < 2; warmUps++) {
    bytes = nextCount(bytes, (await pass(bytes)).seconds, seconds);
  }
  return async () => {
    const report = await pass(bytes);
    if (report.bytes !== bytes) throw new Error(`The bare stream gave ${report.bytes} of ${bytes} bytes`);
    return bytes / report.seconds;
  };
}
