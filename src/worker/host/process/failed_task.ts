import type { Random } from "../../../base/mod.ts";
import type { WireBatch } from "../../../rpc/mod.ts";
import type { AcknowledgeOutcome } from "../../core/session_book.ts";
import { randomId } from "../../random_id.ts";
import type { StreamRequest } from "../../runners/task_runner.ts";
import type { TaskHandle } from "../task_host.ts";
import { FailedStream } from "./failed_stream.ts";

/** A task that could not even begin: its readers get the reason. */
export class FailedTask implements TaskHandle {
  readonly completed = new Promise<void>(() => {});
  readonly #error: Error;
  readonly #random: Random;

  /** A task that failed with `error`. */
  constructor(error: Error, random: Random) {
    this.#error = error;
    this.#random = random;
  }

  openStream(request: StreamRequest, signal: AbortSignal): AsyncIterableIterator<WireBatch, void, void> {
    return new FailedStream(this.#error, request, randomId(this.#random), signal);
  }

  acknowledge(): Promise<AcknowledgeOutcome> {
    return Promise.resolve("unknownSession");
  }

  async stop(): Promise<void> {}
}
