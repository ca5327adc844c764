/** TensorFlow's own programs (`peers/tf_service.py`), one by one: with a dispatcher or workers of Sluice's beside them. */

import { readyLine } from "../harness/conversation.ts";
import type { Processes, StartOptions } from "../harness/processes.ts";

const PROGRAM = new URL("../peers/tf_service.py", import.meta.url).pathname;

/** Starts a dispatcher, or a worker of the dispatcher at an address. The reply is what it said when it was ready. */
export async function startTensorFlow(
  processes: Processes,
  python: string,
  role: "dispatcher" | "worker",
  ...args: string[]
): Promise<Record<string, string>> {
  return await readyLine(
    processes.start(`TensorFlow ${role}`, { command: python, args: [PROGRAM, role, ...args] }),
  );
}

/** How a reader of TensorFlow's is started. */
export function readerCommand(python: string, target: string): StartOptions {
  return { command: python, args: [PROGRAM, "reader", target] };
}
