/** What the reader core is told, and what it asks for. */

import type { BlockProvenance } from "../../element/mod.ts";

/** A task as a heartbeat's answer lists it. */
export interface ListedTask {
  readonly id: bigint;
  /** The worker's address, "host:port". */
  readonly address: string;
  /** Where to read it if possible, the preferred first; the worker's address comes after them. @default none */
  readonly dataAddresses?: readonly string[];
  /** The worker's run; another one under the same address has lost the task's sessions. */
  readonly workerUid: string;
  /** Readers have taken its last element, or its worker is lost. */
  readonly finished: boolean;
}

/** The first block that the reader lacks, the first not taken, and the first that it has no room for. */
export interface SessionPosition {
  /** The session that the numbers belong to; empty: a new one. */
  readonly session: string;
  readonly next: number;
  readonly taken: number;
  readonly limit: number;
  /** Elements of block `taken` that the program has got, said with heartbeats and when it leaves. @default 0 */
  readonly takenWithin?: number;
}

/** A session that a worker keeps for the reader. */
export interface OpenSession {
  readonly task: bigint;
  readonly address: string;
  readonly position: SessionPosition;
}

/** What happened. `stream` is the number that the `open` command gave: what comes from older streams is ignored. */
export type ReaderEvent<B> =
  /** The program wants the next block; answered once by `handOver`, `fail` or `finish`. */
  | { readonly kind: "wanted" }
  /** The program has got the last element of the block in hand. */
  | { readonly kind: "taken" }
  /** A heartbeat is on its way: only what was known before counts for the end of data. */
  | {
    readonly kind: "heartbeatSent";
    /** Elements of the block in hand that the program has got. @default 0 */
    readonly within?: number;
  }
  /** A heartbeat's answer. */
  | {
    readonly kind: "listed";
    readonly tasks: readonly ListedTask[];
    readonly iterationFinished: boolean;
    /** The iteration has tasks that this reader does not read: it ends when its own have, whatever became of others. */
    readonly isSubset?: boolean;
    /**
     * Whether the tasks divide the elements among them, so that those that go leave nothing that no other one gives; else
     * their workers may come back with it. @default false
     */
    readonly isDivided?: boolean;
    /** Tasks of lost workers of which this reader is to take nothing more, and to say what it has taken. @default none */
    readonly lostTasks?: readonly bigint[];
    /** Elements of lost tasks are to be given out again: this is not the end. @default false */
    readonly isRecovering?: boolean;
    /** Elements of the block in hand that the program has got. @default 0 */
    readonly within?: number;
  }
  /** The first batch of a stream named its session. */
  | {
    readonly kind: "sessionOpened";
    readonly task: bigint;
    readonly stream: number;
    readonly session: string;
  }
  /** A stream could read its next batch. */
  | { readonly kind: "ready"; readonly task: bigint; readonly stream: number }
  /** A block is there, decoded. */
  | {
    readonly kind: "block";
    readonly task: bigint;
    readonly stream: number;
    readonly sequence: number;
    readonly bytes: number;
    readonly block: B;
    /** What the elements consumed, where the task says so. @default it does not */
    readonly provenance?: BlockProvenance | null;
    /** Elements at the block's beginning that are not part of `block`: another reader took them. @default 0 */
    readonly skip?: number;
    /** How many elements `block` has. @default 0 */
    readonly count?: number;
  }
  /** The pipeline failed: the program gets the error after the blocks before it. */
  | {
    readonly kind: "failure";
    readonly task: bigint;
    readonly stream: number;
    readonly sequence: number;
    readonly error: unknown;
  }
  /** The pipeline has ended; only blocks that other readers give back can come before the end. */
  | { readonly kind: "draining"; readonly task: bigint; readonly stream: number }
  /** The task has no more elements for this reader. */
  | { readonly kind: "ended"; readonly task: bigint; readonly stream: number }
  /** A stream failed; it may be opened again if `retryable`. */
  | {
    readonly kind: "streamFailed";
    readonly task: bigint;
    readonly stream: number;
    readonly retryable: boolean;
    readonly error: unknown;
  }
  /** The worker answered an acknowledgement. */
  | { readonly kind: "acknowledged"; readonly task: bigint; readonly session: string }
  /** An acknowledgement failed: `gone` if the session is not there any more, else it is tried again. */
  | {
    readonly kind: "acknowledgeFailed";
    readonly task: bigint;
    readonly session: string;
    readonly gone: boolean;
  };

/** What is to be done. */
export type ReaderCommand<B> =
  /** Open a stream; the one before is over. `attempt` counts the failures since the last batch: 0 means at once. */
  | {
    readonly kind: "open";
    readonly task: bigint;
    readonly address: string;
    readonly stream: number;
    readonly attempt: number;
    readonly position: SessionPosition;
  }
  /** Read the next batch of a stream. */
  | { readonly kind: "read"; readonly task: bigint; readonly stream: number }
  /** Give a stream up. */
  | { readonly kind: "close"; readonly task: bigint; readonly stream: number }
  /** Tell a worker what was taken; `attempt` counts the failures before. */
  | {
    readonly kind: "acknowledge";
    readonly task: bigint;
    readonly address: string;
    readonly attempt: number;
    readonly position: SessionPosition;
  }
  /** Send a heartbeat now, or as soon as the one under way is answered. */
  | { readonly kind: "heartbeat" }
  /** Give the program the elements of this block. */
  | { readonly kind: "handOver"; readonly block: B }
  /** Give the program nothing more of the block in hand: its rest will come from elsewhere. */
  | { readonly kind: "discard" }
  /** The reader is over, with this error. */
  | { readonly kind: "fail"; readonly error: unknown }
  /** The reader is over: there are no more elements. */
  | { readonly kind: "finish" };
