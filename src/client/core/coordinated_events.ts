/** What the core of a coordinated reader is told, and what it asks for. Rounds are counted from 0. */

/** A task as a heartbeat's answer lists it. */
export interface CoordinatedListing {
  readonly id: bigint;
  /** Where to read it, "host:port". */
  readonly address: string;
  /** Where to read it if possible, the preferred first; the worker's address comes after them. @default none */
  readonly dataAddresses?: readonly string[];
  /** The worker's run; empty while it is gone. */
  readonly workerUid: string;
  /** All consumers have confirmed its end. */
  readonly finished: boolean;
  /** The first round in which it is read. */
  readonly startingRound: number;
}

/** What a worker answered for one round. */
export type CoordinatedAnswer<T> =
  | { readonly kind: "element"; readonly element: T; readonly bytes: number }
  /** No consumer gets an element of the task in this round. */
  | { readonly kind: "skip" }
  /** No consumer gets an element of the task in this round or later. */
  | { readonly kind: "end" }
  /** The pipeline failed there, or the worker refuses the consumer. */
  | { readonly kind: "error"; readonly error: unknown };

/** What happened. */
export type CoordinatedEvent<T> =
  /** The program wants the next element; answered once by `handOver`, `fail` or `finish`. */
  | { readonly kind: "wanted" }
  /** A heartbeat is on its way. */
  | { readonly kind: "heartbeatSent" }
  /** A heartbeat's answer. `blockRound`: a task waits to join in that round; null: none does. */
  | {
    readonly kind: "listed";
    readonly tasks: readonly CoordinatedListing[];
    readonly iterationFinished: boolean;
    readonly blockRound: number | null;
  }
  /** A worker answered a request. */
  | {
    readonly kind: "answered";
    readonly task: bigint;
    readonly round: number;
    readonly answer: CoordinatedAnswer<T>;
  }
  /** A worker answered others of a request's rounds; these are to be asked for again. */
  | { readonly kind: "unanswered"; readonly task: bigint; readonly rounds: readonly number[] }
  /** A worker could not be reached at an address. */
  | {
    readonly kind: "askFailed";
    readonly task: bigint;
    readonly address: string;
    readonly rounds: readonly number[];
  }
  /** The dispatcher answered whether the consumers do without a task; null: not, or not yet. */
  | { readonly kind: "removalAnswered"; readonly task: bigint; readonly removedRound: number | null }
  /** The worker has heard that this consumer knows of the end, or cannot be reached. */
  | { readonly kind: "endConfirmed"; readonly task: bigint; readonly isHeard: boolean };

/** A request for the elements of some rounds. */
export interface Ask {
  readonly task: bigint;
  readonly address: string;
  /** Ascending; one at least. The answer comes when the first is decided. */
  readonly rounds: readonly number[];
  /** The first round of the task without an answer. */
  readonly oldest: number;
  /** Rounds of the task that were skipped lately: a worker that has started anew must skip them for the others too. */
  readonly skipped: readonly number[];
  readonly allowSkip: boolean;
  /** How many requests failed before; 0: at once. */
  readonly attempt: number;
}

/** What is to be done. */
export type CoordinatedCommand<T> =
  | ({ readonly kind: "ask" } & Ask)
  /** Ask the dispatcher whether the consumers do without a task. */
  | { readonly kind: "remove"; readonly task: bigint; readonly round: number; readonly untakenRound: number }
  /** Tell a worker that its end has come in, by asking for `round` at one of its addresses. */
  | {
    readonly kind: "confirmEnd";
    readonly task: bigint;
    readonly addresses: readonly string[];
    readonly round: number;
    /** The first round that has no elements. */
    readonly ended: number;
  }
  /** Send a heartbeat now, or as soon as the one under way is answered. */
  | { readonly kind: "heartbeat" }
  /** Give the program this element. */
  | { readonly kind: "handOver"; readonly element: T }
  /** The reader is over, with this error. */
  | { readonly kind: "fail"; readonly error: unknown }
  /** The reader is over: there are no more elements. */
  | { readonly kind: "finish" };

/** What a heartbeat says of the rounds; null: nothing. */
export interface RoundReport {
  readonly currentRound: number | null;
  readonly blockedRound: number | null;
}
