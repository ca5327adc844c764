import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { type Deferred, deferred } from "../../../base/mod.ts";
import { GetSplitRequestSchema, GetSplitResponseSchema } from "../../../gen/sluice/v1/dispatcher_pb.ts";
import type { DispatcherClient } from "../../../rpc/mod.ts";
import { type Asked, encodeLine, type FromProcess, receiveError, type SentError } from "./messages.ts";

/** The worker, seen by a task's process: where it asks for what only the worker may get. */
export class WorkerLink {
  readonly #write: (line: string) => void;
  #asked = new Map<number, Deferred<unknown>>();
  #asks = 0;
  #mark = "";

  /** `write` sends a line to the worker. */
  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Begins every line with this from now on. */
  setMark(mark: string): void {
    this.#mark = mark;
  }

  /** Sends a message. */
  send(message: FromProcess): void {
    this.#write(this.#mark + encodeLine(message));
  }

  /** What the worker answers; rejects with the error that it refuses with. */
  ask(asked: Asked): Promise<unknown> {
    const id = ++this.#asks;
    const answer = deferred<unknown>();
    this.#asked.set(id, answer);
    this.send({ kind: "ask", id, asked });
    return answer.promise;
  }

  /** The worker has answered. */
  answered(id: number, value: unknown): void {
    this.#asked.get(id)?.resolve(value);
    this.#asked.delete(id);
  }

  /** The worker has refused. */
  refused(id: number, error: SentError): void {
    this.#asked.get(id)?.reject(receiveError(error));
    this.#asked.delete(id);
  }

  /** The graph of the task. */
  async graph(): Promise<Uint8Array> {
    return Uint8Array.fromBase64(await this.ask({ method: "graph" }) as string);
  }

  /** The dispatcher as far as a task needs it. */
  readonly dispatcher: Pick<DispatcherClient, "getSplit"> = {
    getSplit: async (request) => {
      const message = toJson(GetSplitRequestSchema, create(GetSplitRequestSchema, request));
      const answer = await this.ask({ method: "splits", request: message });
      return fromJson(GetSplitResponseSchema, answer as JsonValue);
    },
  };
}
