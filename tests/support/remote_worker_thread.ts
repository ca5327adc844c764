/** Runs workers in a thread: to everybody else they are as remote as those of another process. */

import { type WorkerConfig, WorkerServer } from "../../mod.ts";

/** What the thread is asked for. */
export type ThreadRequest =
  | { readonly id: number; readonly kind: "start"; readonly config: WorkerConfig }
  | { readonly id: number; readonly kind: "stop"; readonly address: string }
  | { readonly id: number; readonly kind: "numTasks"; readonly address: string };

/** What it answers. */
export type ThreadAnswer =
  | { readonly id: number; readonly address: string; readonly numTasks: number }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } };

const scope = self as unknown as {
  onmessage: (event: MessageEvent<ThreadRequest>) => void;
  postMessage(answer: ThreadAnswer): void;
};
const workers = new Map<string, WorkerServer>();

async function answer(request: ThreadRequest): Promise<{ address: string; numTasks: number }> {
  if (request.kind === "start") {
    const worker = await WorkerServer.start(request.config);
    workers.set(worker.address, worker);
    return { address: worker.address, numTasks: worker.numTasks() };
  }
  const { address } = request;
  const worker = workers.get(address)!;
  const numTasks = worker.numTasks();
  if (request.kind === "stop") {
    workers.delete(address);
    await worker.stop();
  }
  return { address, numTasks };
}

scope.onmessage = async ({ data }) => {
  try {
    scope.postMessage({ id: data.id, ...await answer(data) });
  } catch (error) {
    const { name, message } = error as Error;
    scope.postMessage({ id: data.id, error: { name, message } });
  }
};
