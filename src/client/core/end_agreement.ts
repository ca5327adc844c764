/** How a reader and the dispatcher come to agree that there is nothing more to read. */

/** What is known of the tasks when it is asked for. */
export interface TasksAtEnd {
  /** There are tasks, and each is done. */
  readonly allDone: boolean;
  /**
   * Each task was read to the end that its worker sent, or what is left of it would come by another one, and nothing is
   * to be given out again.
   */
  readonly allEnded: boolean;
}

/**
 * Keeps what counts for the end of data. Tasks may join until the iteration is finished, so only a heartbeat that was
 * sent when everything was done can confirm the end: whoever joined before is in its answer.
 */
export class EndAgreement {
  #iterationFinished = false;
  #doneWhenSent = false;
  #isConfirmed = false;
  #isAsked = false;

  /** Whether the dispatcher has said that the iteration is finished. It stays so. */
  get iterationFinished(): boolean {
    return this.#iterationFinished;
  }

  /** A heartbeat is on its way. */
  heartbeatSent({ allDone }: { allDone: boolean }): void {
    this.#doneWhenSent = allDone;
  }

  /** The dispatcher says whether the iteration is finished. */
  hear({ iterationFinished }: { iterationFinished: boolean }): void {
    this.#iterationFinished ||= iterationFinished;
  }

  /**
   * An answer has been taken in. Where a task could not be read to its end, there may be elements left for a worker
   * to come, and only a finished iteration ends the reader.
   */
  answered({ allDone, allEnded }: TasksAtEnd): void {
    this.#isConfirmed = this.#doneWhenSent && allDone && allEnded;
  }

  /** There is something to do: what was agreed on is void. */
  reopen(): void {
    this.#isConfirmed = false;
    this.#isAsked = false;
  }

  /** With nothing left to do: whether that is the end, or a heartbeat should ask, or it has been asked already. */
  conclude({ allDone }: { allDone: boolean }): "finish" | "ask" | "wait" {
    if (this.#iterationFinished || this.#isConfirmed) return "finish";
    // Asked at once only one time: if the dispatcher is not content yet, the regular heartbeats go on asking.
    if (!allDone || this.#isAsked) return "wait";
    this.#isAsked = true;
    return "ask";
  }
}
