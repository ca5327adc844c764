/** How the dispatcher reaches TensorFlow's workers. */

import { create, toBinary } from "@bufbuild/protobuf";
import type { WorkerLink } from "../../dispatcher/mod.ts";
import { ProcessTaskRequestSchema, WorkerService } from "../../gen/tensorflow/data/worker_pb.ts";
import { connectGrpc, type GrpcClient, methodPath } from "../grpc/mod.ts";
import { toTaskDef } from "./task_def.ts";

const PROCESS_TASK = methodPath(WorkerService.method.processTask);
const GET_WORKER_TASKS = methodPath(WorkerService.method.getWorkerTasks);

/**
 * How long a silent worker has for an answer, at least. Its pipelines take all threads of its machine at times; one that
 * is given up while it lives begins its tasks again, and readers get their elements twice.
 */
const PROBE_MS = 10_000;

/** Most clients that are kept; their connections close by themselves when they are idle. */
const MAX_CLIENTS = 1_000;

/** Clients of TensorFlow's workers. */
export class TensorFlowWorkers implements WorkerLink, Disposable {
  readonly #clients = new Map<string, GrpcClient>();

  /** See {@linkcode WorkerLink.push}. TensorFlow's workers name all their addresses when they register. */
  async push(...[task, call]: Parameters<WorkerLink["push"]>): Promise<readonly string[]> {
    const request = toBinary(
      ProcessTaskRequestSchema,
      create(ProcessTaskRequestSchema, { task: toTaskDef(task) }),
    );
    await this.#client(task.address).unary(PROCESS_TASK, request, call);
    return [];
  }

  /** See {@linkcode WorkerLink.probe}. */
  async probe(...[address, call]: Parameters<WorkerLink["probe"]>): Promise<void> {
    const timeoutMs = Math.max(PROBE_MS, call.timeoutMs);
    await this.#client(address).unary(GET_WORKER_TASKS, new Uint8Array(), { ...call, timeoutMs });
  }

  /** Closes all connections. */
  [Symbol.dispose](): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  #client(address: string): GrpcClient {
    let client = this.#clients.get(address);
    if (!client) {
      const [oldest] = this.#clients.keys();
      if (this.#clients.size >= MAX_CLIENTS) {
        this.#clients.get(oldest)!.close();
        this.#clients.delete(oldest);
      }
      this.#clients.set(address, client = connectGrpc(address));
    }
    return client;
  }
}
