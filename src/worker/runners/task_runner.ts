import type { CodecName } from "../../element/mod.ts";
import type { WireBatch } from "../../rpc/mod.ts";
import type { AcknowledgeOutcome, OpenRequest } from "../core/session_book.ts";
import type { Progress } from "../core/session.ts";

/** A reader's request for a stream of elements; see `GetElementsRequest` in `worker.proto`. */
export interface StreamRequest extends OpenRequest {
  /** The codecs that the reader can undo. */
  readonly accepted: readonly CodecName[];
  /** The compression that it wishes. */
  readonly compression: CodecName | "AUTO";
  /** Whether it reached this worker over a loopback address. */
  readonly loopback: boolean;
  /** The trainer that it belongs to, for a cross-trainer cache. @default none */
  readonly trainerId?: string;
}

/** What a reader has taken; see `AcknowledgeElementsRequest` in `worker.proto`. */
export interface Acknowledgement extends Progress {
  /** The reader. */
  readonly clientId: bigint;
  /** The session that the numbers belong to. */
  readonly sessionId: string;
  /** The reader leaves: what it has not taken may go to others. */
  readonly release: boolean;
}

/** Runs the pipeline of one task and gives out what it makes. */
export interface TaskRunner {
  /**
   * Opens a reader's stream. The stream ends with the signal's reason once that is aborted; its `return` ends it at
   * once even while `next` waits.
   *
   * @throws {FailedPreconditionError} if the request's numbers are not those of its session
   */
  openStream(request: StreamRequest, signal: AbortSignal): AsyncIterableIterator<WireBatch, void, void>;
  /**
   * Notes what a reader has taken. When this makes the task complete, `completed` has resolved before it returns.
   *
   * @throws {FailedPreconditionError} if the reader has taken blocks that its session does not have
   */
  acknowledge(acknowledgement: Acknowledgement): AcknowledgeOutcome;
  /** Ends a reader's session, if it has one: what it has not taken goes to others, unless readers share a position. */
  release(clientId: bigint): void;
  /** Resolves when the pipeline has ended and its last block is taken; never, if the runner is stopped before. */
  readonly completed: Promise<void>;
  /** Frees the pipeline; streams that are open end with `reason`. Idempotent. */
  stop(reason: Error): Promise<void>;
}
