/** Services to be compared: a dispatcher, a worker and a reader, each a process of its own. */

import { converse, type Partner, program, readyLine } from "./conversation.ts";
import type { Child, Processes } from "./processes.ts";

/** A running service. */
export interface Service {
  readonly name: string;
  readonly dispatcher: Child;
  readonly worker: Child;
  readonly reader: Partner;
}

/** Servers without a reader. */
export type Servers = Pick<Service, "dispatcher" | "worker"> & { target: string };

/** How Sluice is started. */
export interface SluiceOptions {
  /** Further flags of the worker. */
  workerFlags?: string[];
  /** Environment of worker and reader. */
  env?: Record<string, string>;
}

const flags = ["--json", "--port", "0"];

/** Starts Sluice's servers as a user does. */
export async function startSluiceServers(
  processes: Processes,
  { workerFlags = [], env }: SluiceOptions = {},
): Promise<Servers> {
  const dispatcher = processes.start("dispatcher", {
    args: program("../../scripts/dispatcher.ts", ...flags),
  });
  const { target, address } = await readyLine(dispatcher);
  const worker = processes.start("worker", {
    args: program("../../scripts/worker.ts", ...flags, "--dispatcher-address", address, ...workerFlags),
    env,
  });
  await readyLine(worker);
  return { dispatcher, worker, target };
}

/** Starts Sluice's servers and a reader. */
export async function startSluice(processes: Processes, options: SluiceOptions = {}): Promise<Service> {
  const servers = await startSluiceServers(processes, options);
  const args = program("programs/reader.ts", servers.target);
  const reader = await converse(processes, "reader", { args, env: options.env });
  return { name: "Sluice", ...servers, reader };
}

const tfProgram = new URL("../peers/tf_service.py", import.meta.url).pathname;

/** Starts TensorFlow's servers. */
export async function startTensorflowServers(processes: Processes, python: string): Promise<Servers> {
  const start = (role: string, ...args: string[]) =>
    processes.start(`TensorFlow ${role}`, { command: python, args: [tfProgram, role, ...args] });
  const dispatcher = start("dispatcher");
  const { target, address } = await readyLine(dispatcher);
  const worker = start("worker", address);
  await readyLine(worker);
  return { dispatcher, worker, target };
}

/** Starts TensorFlow's servers and a reader. */
export async function startTensorflow(processes: Processes, python: string): Promise<Service> {
  const servers = await startTensorflowServers(processes, python);
  const reader = await converse(processes, "TensorFlow reader", {
    command: python,
    args: [tfProgram, "reader", servers.target],
  });
  return { name: `TensorFlow ${reader.ready.version}`, ...servers, reader };
}
