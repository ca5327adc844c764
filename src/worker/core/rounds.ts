/**
 * The rounds of one task of a coordinated read: which consumer has asked for which round, which round can be given
 * out, and what was answered. Pure: whoever drives it pulls the elements and keeps the time.
 *
 * A round is given out when all consumers have asked for it. They may ask for several rounds at a time, in any order
 * of arrival, and ask again after a lost answer: answers are kept until the consumer says that it has them.
 */

import { FailedPreconditionError } from "../../base/mod.ts";

/** A consumer asks for its element of a round. */
export interface RoundRequest {
  readonly consumer: number;
  readonly round: number;
  /** The first round for which the consumer has no answer, `round` at most. */
  readonly oldest: number;
  /** Rounds before `oldest` that it was told to skip, by a former run of the worker perhaps. */
  readonly skipped: readonly number[];
  /** The round may be skipped if its elements are not there. */
  readonly allowSkip: boolean;
  /** The first round without elements, by the word of a former run of the worker perhaps. @default none is known */
  readonly ended?: number | undefined;
}

/** What a consumer gets in a round. */
export type RoundAnswer<T> =
  | { readonly kind: "element"; readonly element: T }
  /** Nobody gets an element of the task in this round. */
  | { readonly kind: "skip" }
  /** Nobody gets an element of the task in this round or later. */
  | { readonly kind: "end" }
  /** The pipeline failed: no round from this one on has elements. */
  | { readonly kind: "error"; readonly error: unknown };

/** The answer to a request that had to wait. */
export interface Answered<T> {
  readonly consumer: number;
  readonly round: number;
  readonly answer: RoundAnswer<T>;
}

/** A round that all who take part in it have asked for. */
export interface DueRound {
  readonly round: number;
  readonly allowSkip: boolean;
}

/** What was decided of a round; the elements by consumer. */
type Decided<T> = { readonly kind: "elements"; readonly elements: readonly T[] } | { readonly kind: "skip" };

type Over = { readonly from: number; readonly answer: RoundAnswer<never> };

/**
 * How far apart consumers may be when the worker has started anew, in rounds. It must be no less than what a reader
 * asks for at a time; one further back is not behind but begins again.
 */
export const MAX_ROUNDS_APART = 1_024;

/** The rounds of a task, with elements of type `T`. */
export class RoundTable<T> {
  readonly #numConsumers: number;
  /** By consumer, the first round for which this run of the worker was asked; those before were answered by another. */
  readonly #first: (number | null)[];
  readonly #oldest: number[];
  readonly #waiting = new Map<number, Map<number, RoundRequest>>();
  readonly #decided = new Map<number, Decided<T>>();
  /** Rounds that a former run skipped for some consumer, and so for all. */
  readonly #skipped = new Set<number>();
  /** The round to be decided; null: not all consumers have been heard. */
  #next: number | null = null;
  /** The first round in #decided. */
  #kept = 0;
  #over: Over | null = null;
  /** The first round without elements for some consumer, and so for all. */
  #endedFrom = Infinity;
  #answered: Answered<T>[] = [];

  /** A task that nobody has asked for. */
  constructor(numConsumers: number) {
    this.#numConsumers = numConsumers;
    this.#first = new Array(numConsumers).fill(null);
    this.#oldest = new Array(numConsumers).fill(0);
  }

  /** Whether the end was reached and every consumer has asked for a later round, and so has heard of it. */
  get isCompleted(): boolean {
    const { answer, from } = this.#over ?? {};
    return answer?.kind === "end" && this.#oldest.every((oldest) => oldest > from!);
  }

  /** Whether no further round will have elements. */
  get isOver(): boolean {
    return this.#over !== null;
  }

  /**
   * Takes a request in; the answer comes with {@linkcode RoundTable.takeAnswered}. Who asked for the same before is
   * not answered any more.
   *
   * @throws {FailedPreconditionError} if there is no such consumer or round, or the consumer had the answer already
   */
  request(request: RoundRequest): void {
    const { consumer, round, oldest, skipped } = request;
    const isIndex = (value: number) => Number.isSafeInteger(value) && value >= 0;
    if (!isIndex(consumer) || consumer >= this.#numConsumers) {
      throw new FailedPreconditionError(
        `Requesting data for consumer index ${consumer}, but the task is configured for only ` +
          `${this.#numConsumers} consumers`,
      );
    }
    if (!isIndex(round) || !isIndex(oldest) || oldest > round) {
      throw new FailedPreconditionError(
        `Round index must be 0 or more, and at least that of the oldest round, got ${round} and ${oldest}`,
      );
    }
    if (round < this.#oldest[consumer]) throw this.#tooLate(consumer, round);
    this.#first[consumer] ??= oldest;
    this.#oldest[consumer] = Math.max(this.#oldest[consumer], oldest);
    // What was not decided here, a former run has skipped: a request that it never answered may say so late.
    for (const each of skipped) if (each >= (this.#next ?? 0)) this.#skipped.add(each);
    const requests = this.#waiting.get(round) ?? new Map<number, RoundRequest>();
    this.#waiting.set(round, requests.set(consumer, request));
    this.#endedFrom = Math.min(this.#endedFrom, request.ended ?? Infinity);
    if (round >= this.#endedFrom) this.#answer(round);
    if (this.#next === null) this.#begin();
    else {
      this.#skipLikeBefore();
      this.#answer(round);
    }
    this.#passAnswered();
    this.#endWhereOthersDid();
    this.#forget();
  }

  /** What a former run had ended for one consumer has ended for all, whatever this one's pipeline has. */
  #endWhereOthersDid(): void {
    if (this.#over || this.#next === null || this.#next < this.#endedFrom) return;
    this.#over = { from: this.#endedFrom, answer: { kind: "end" } };
    for (const round of [...this.#waiting.keys()]) this.#answer(round);
  }

  /** Whether a consumer has no answer for a round that is not decided; else it has that of a former run. */
  #lacks(consumer: number, round: number): boolean {
    return this.#first[consumer]! <= round && this.#oldest[consumer] <= round;
  }

  /**
   * Goes on to the first round that anybody lacks. A request that was overtaken by the worker's restart may have said
   * that it lacks one whose answer was on its way.
   */
  #passAnswered(): void {
    if (this.#over) return;
    while (this.#next !== null && this.#first.every((_, consumer) => !this.#lacks(consumer, this.#next!))) {
      this.#next++;
    }
  }

  /** Whoever asked waits no longer. */
  cancel(consumer: number, round: number): void {
    const requests = this.#waiting.get(round);
    requests?.delete(consumer);
    if (requests?.size === 0) this.#waiting.delete(round);
  }

  /** The round that waits for {@linkcode RoundTable.serve}, {@linkcode RoundTable.skip} or its end, if there is one. */
  due(): DueRound | null {
    const round = this.#next;
    if (round === null || this.#over) return null;
    const requests = this.#waiting.get(round);
    if (!requests) return null;
    let allowSkip = true;
    for (const consumer of this.#first.keys()) {
      if (!this.#lacks(consumer, round)) {
        // It has an element of a former run: the others must have one too, or they would be out of step with it.
        allowSkip = false;
        continue;
      }
      const request = requests.get(consumer);
      if (!request) return null;
      allowSkip &&= request.allowSkip;
    }
    return { round, allowSkip };
  }

  /** Gives out the round that is due: `elements[i]` to consumer `i`. */
  serve(elements: readonly T[]): void {
    this.#decide({ kind: "elements", elements });
  }

  /** Lets all consumers skip the round that is due. */
  skip(): void {
    this.#decide({ kind: "skip" });
  }

  /** There are no elements for the round that is due, nor for later ones. */
  end(): void {
    this.#finish({ kind: "end" });
  }

  /** The pipeline failed at the round that is due. */
  fail(error: unknown): void {
    this.#finish({ kind: "error", error });
  }

  /** The answers that have come up since the last call. */
  takeAnswered(): Answered<T>[] {
    return this.#answered.splice(0);
  }

  /**
   * All consumers have been heard: those further ahead had answers of a former run, and the rounds up to them are
   * partial ones, given out to the others alone.
   */
  #begin(): void {
    const known = this.#first.filter((first) => first !== null);
    if (known.length < this.#numConsumers) return;
    const ahead = Math.max(...known);
    const late = this.#first.findIndex((first) => first! < ahead - MAX_ROUNDS_APART);
    if (late >= 0) {
      const round = this.#first[late]!;
      this.#first[late] = null;
      for (const requests of this.#waiting.values()) {
        const request = requests.get(late);
        if (!request) continue;
        requests.delete(late);
        const error = this.#tooLate(late, round, ahead);
        this.#answered.push({ consumer: late, round: request.round, answer: { kind: "error", error } });
      }
      return;
    }
    this.#next = this.#kept = Math.min(...known);
    this.#skipLikeBefore();
  }

  #decide(decided: Decided<T>): void {
    const round = this.#next!;
    this.#decided.set(round, decided);
    this.#next = round + 1;
    this.#answer(round);
    this.#skipLikeBefore();
    this.#endWhereOthersDid();
  }

  #skipLikeBefore(): void {
    while (this.#skipped.delete(this.#next!)) {
      this.#decided.set(this.#next!, { kind: "skip" });
      this.#answer(this.#next!);
      this.#next!++;
    }
  }

  #finish(answer: RoundAnswer<never>): void {
    this.#over = { from: this.#next!, answer };
    for (const round of this.#waiting.keys()) this.#answer(round);
  }

  /** Answers those who wait for a round, as far as it is decided. */
  #answer(round: number): void {
    const decided = this.#decided.get(round);
    const from = Math.min(this.#over?.from ?? Infinity, this.#endedFrom);
    if (!decided && round < from) return;
    for (const consumer of this.#waiting.get(round)?.keys() ?? []) {
      this.#answered.push({ consumer, round, answer: this.#answerOf(decided, consumer) });
    }
    this.#waiting.delete(round);
  }

  #answerOf(decided: Decided<T> | undefined, consumer: number): RoundAnswer<T> {
    if (!decided) return this.#over?.answer ?? { kind: "end" };
    return decided.kind === "skip" ? decided : { kind: "element", element: decided.elements[consumer] };
  }

  /** Lets go of the rounds that every consumer has an answer of. */
  #forget(): void {
    if (this.#next === null) return;
    const needed = Math.min(...this.#oldest);
    for (; this.#kept < needed && this.#kept < this.#next; this.#kept++) this.#decided.delete(this.#kept);
  }

  #tooLate(consumer: number, round: number, reached?: number): FailedPreconditionError {
    return new FailedPreconditionError(
      `Consumer ${consumer} requested data for round ${round}, but the current round has already reached ` +
        `${
          reached ?? this.#oldest[consumer]
        }. This may indicate that the consumer was restarted with the same ` +
        "iteration name",
    );
  }
}
