import { CanceledError, FailedPreconditionError, UnavailableError } from "../../base/mod.ts";
import { type Item, type Progress, Session } from "./session.ts";

/** How a reader opens a stream; see `GetElementsRequest` in `worker.proto`. */
export interface OpenRequest extends Progress {
  /** The reader. */
  readonly clientId: bigint;
  /** The session that the numbers belong to; empty: a new one. */
  readonly sessionId: string;
  /** The first block that the reader lacks. */
  readonly next: number;
  /** Counts the reader's requests for streams of this task, from 1. @default not counted */
  readonly streamNumber?: number;
}

/** What a stream does next. */
export type Turn<B> =
  /** Send this block. */
  | { readonly kind: "block"; readonly sequence: number; readonly block: B; readonly skip: number }
  /** Send this error of the pipeline, which has a number as blocks have. */
  | { readonly kind: "failure"; readonly sequence: number; readonly error: unknown }
  /** End with this error. A session that goes on does so behind it. */
  | { readonly kind: "error"; readonly error: unknown }
  /** Send the end of the sequence; `sequence` is the number of blocks there were. */
  | { readonly kind: "end"; readonly sequence: number }
  /** Wait until {@linkcode SessionBook.takeWoken} names the stream. */
  | { readonly kind: "wait" }
  /** Wait likewise: only what other readers may give back can come before the end. `sequence` as of the end. */
  | { readonly kind: "draining"; readonly sequence: number };

/** What an acknowledgement meant. */
export type AcknowledgeOutcome = "noted" | "unknownSession";

/**
 * The sessions of one task: which reader gets which of the pipeline's blocks, in turn; which blocks are kept
 * because they may have to be sent again; and when everything is taken. It decides only: whoever holds it runs
 * the pipeline, sends what {@linkcode SessionBook.turn} says and wakes the streams that it names.
 *
 * An item (a block, or an error in its place between blocks) is in exactly one place: in the pool, given to one
 * session, or taken. What a session gives back goes to the front of the pool.
 */
export class SessionBook<B> {
  readonly #forgetsLeft: boolean;
  #sessions = new Map<bigint, Session<B>>();
  #streams = new Map<number, Session<B>>();
  /** Why a stream that was closed from this side has ended. */
  #endedStreams = new Map<number, Error>();
  #pool: Item<B>[] = [];
  #ended = false;
  /** Items that are not taken, wherever they are. */
  #outstanding = 0;
  #served = 0;
  #woken = new Set<number>();

  /** Makes a book without sessions. `forgetsLeft`: what a session has not taken at its end is for nobody else. */
  constructor({ forgetsLeft = false }: { forgetsLeft?: boolean } = {}) {
    this.#forgetsLeft = forgetsLeft;
  }

  /** Whether the pipeline should go on: it has not ended, and no block waits for a reader with room. */
  get wantsMore(): boolean {
    return !this.#ended && this.#pool.length === 0;
  }

  /** Whether an item that is offered now goes to a session at once. */
  get wantsItem(): boolean {
    for (const session of this.#sessions.values()) {
      if (session.hasRoom) return true;
    }
    return false;
  }

  /** Whether a stream has nothing to send although its reader has room. */
  get hungry(): boolean {
    for (const session of this.#sessions.values()) {
      if (session.hungry) return true;
    }
    return false;
  }

  /** Whether the pipeline has ended and its last item is taken. */
  get completed(): boolean {
    return this.#ended && this.#outstanding === 0;
  }

  /** How many sessions there are. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Adds what the pipeline gave. */
  offer(item: Item<B>): void {
    this.#outstanding++;
    this.#pool.push(item);
    this.#assign();
  }

  /** Notes that the pipeline has ended. */
  end(): void {
    this.#ended = true;
    this.#wakeAll();
  }

  /**
   * Opens the stream number `stream` of a reader, and gives its session's id. A session that the reader names goes
   * on from the block that it lacks; one that it does not name is new and gets `newSessionId`.
   *
   * @throws {FailedPreconditionError} if the numbers are not those of the session
   * @throws {UnavailableError} if the session has answered a later request already
   */
  open(request: OpenRequest, stream: number, newSessionId: string): string {
    const { clientId, streamNumber = Infinity } = request;
    const known = this.#sessions.get(clientId);
    // Taken for another reader's, a copy of the first request would end the session of the one that reads: what that
    // has got and not acknowledged would be given out again.
    if (known && streamNumber <= known.streamNumber) {
      throw new UnavailableError(
        `Cannot open stream ${streamNumber} of session "${known.id}": it is at stream ${known.streamNumber}`,
      );
    }
    const session = this.#sessionOf(request, stream, newSessionId);
    if (streamNumber < Infinity) session.streamNumber = streamNumber;
    return session.id;
  }

  #sessionOf(request: OpenRequest, stream: number, newSessionId: string): Session<B> {
    const { clientId, sessionId, next, taken, limit } = request;
    const known = this.#sessions.get(clientId);
    if (known?.id === sessionId) {
      this.#resume(known, stream, Math.max(next, taken), { taken, limit });
      return known;
    }
    if (sessionId === "" && (next !== 0 || taken !== 0)) {
      throw new FailedPreconditionError(
        `Cannot begin a session at block ${next}, with ${taken} taken: a new session begins at block 0`,
      );
    }
    // A reader that does not know its session may have lost the answer that named it: it has taken nothing yet.
    // Whoever has taken something and forgotten it is another reader.
    if (known?.taken === 0 && !known.isBegun) {
      this.#resume(known, stream, 0, { taken: 0, limit: limit - taken });
      return known;
    }
    if (known) {
      this.#drop(known, new CanceledError(`Session "${known.id}" has ended: its reader began a new one`));
    }
    // The numbers of a session that is gone mean nothing here, but their distance is the room that the reader has.
    const session = new Session<B>(
      clientId,
      newSessionId,
      stream,
      limit === 0 ? 0 : Math.max(1, limit - taken),
    );
    this.#sessions.set(clientId, session);
    this.#streams.set(stream, session);
    this.#assign();
    this.#wakeAtEnd();
    return session;
  }

  #resume(session: Session<B>, stream: number, cursor: number, progress: Progress): void {
    this.#outstanding -= session.progress(progress);
    const { connection } = session;
    session.connect(stream, cursor);
    if (connection.kind === "connected") {
      this.#endStream(
        connection.stream,
        // Not for good: where a relay opened the other stream for a reader that waits for this one, it comes back.
        new UnavailableError(`Session "${session.id}" goes on in another stream`),
      );
    }
    this.#streams.set(stream, session);
    this.#assign();
    this.#wakeAtEnd();
  }

  /**
   * What the stream does next. What an earlier turn gave counts as sent. Where blocks of other sessions may come back,
   * a `patient` stream waits for them, and another one ends.
   */
  turn(stream: number, { patient = true }: { patient?: boolean } = {}): Turn<B> {
    const session = this.#streams.get(stream);
    if (!session || session.connection.kind === "disconnected") {
      const error = this.#endedStreams.get(stream) ?? new CanceledError("The stream is closed");
      return { kind: "error", error };
    }
    session.connection.waiting = false;
    this.#outstanding -= session.takeSent();
    const turn = this.#next(session, patient);
    if (turn) return turn;
    session.connection.waiting = true;
    // Only now has a reader without acknowledgements room, and the pool may hold something for it.
    this.#assign();
    const late = this.#next(session, patient);
    this.#woken.delete(stream);
    if (late) session.connection.waiting = false;
    else if (this.#isOver) {
      return { kind: "draining", sequence: session.next };
    }
    return late ?? { kind: "wait" };
  }

  #next(
    session: Session<B>,
    patient: boolean,
  ): Exclude<Turn<B>, { kind: "wait" | "draining" }> | undefined {
    const sent = session.send();
    if (sent) {
      this.#assign(); // The connection moves: there may be room again.
      const { sequence, item } = sent;
      if (item.kind === "block") return { kind: "block", sequence, block: item.block, skip: item.skip ?? 0 };
      if (!session.isAutomatic) return { kind: "failure", sequence, error: item.error };
      this.#outstanding -= session.takeSent();
      this.#wakeAtEnd();
      return { kind: "error", error: item.error };
    }
    if (!this.#isOver || (patient && this.#mayComeBack(session))) return undefined;
    this.#wakeAtEnd();
    return { kind: "end", sequence: session.next };
  }

  /** Whether nothing is left but what sessions hold. */
  get #isOver(): boolean {
    return this.#ended && this.#pool.length === 0;
  }

  /** Whether others hold something that would be given to this session if they left. */
  #mayComeBack(session: Session<B>): boolean {
    return !this.#forgetsLeft && this.#outstanding > session.held;
  }

  /** The stream is gone. Its session stays for the reader to come back to, from time `now` (milliseconds) on. */
  close(stream: number, now: number): void {
    const session = this.#streams.get(stream);
    this.#streams.delete(stream);
    this.#endedStreams.delete(stream);
    this.#woken.delete(stream);
    if (session) session.connection = { kind: "disconnected", since: now };
  }

  /**
   * Notes what a reader has taken and how far it may be sent; `release`: it leaves, and what it has not taken goes
   * to others.
   *
   * @throws {FailedPreconditionError} if it has taken blocks that the session does not have
   */
  acknowledge(
    clientId: bigint,
    sessionId: string,
    progress: Progress & { readonly release: boolean },
    now: number,
  ): AcknowledgeOutcome {
    const session = this.#sessions.get(clientId);
    if (session?.id !== sessionId) return "unknownSession";
    this.#outstanding -= session.progress(progress);
    if (session.connection.kind === "disconnected") session.connection.since = now;
    if (progress.release) {
      this.#drop(session, new CanceledError(`Session "${sessionId}" was released by its reader`));
    }
    this.#assign();
    this.#wakeAtEnd();
    return "noted";
  }

  /** Ends a reader's session, if it has one, as though it had left: it is known to be lost. */
  release(clientId: bigint): void {
    const session = this.#sessions.get(clientId);
    if (!session) return;
    this.#drop(
      session,
      new CanceledError(`Session "${session.id}" was ended: its reader was silent for too long`),
    );
    this.#assign();
    this.#wakeAtEnd();
  }

  /** When the next session has been without its reader for `timeoutMs`, or null if every reader is there. */
  nextExpiry(timeoutMs: number): number | null {
    let first: number | null = null;
    for (const { connection } of this.#sessions.values()) {
      if (connection.kind === "connected") continue;
      const at = connection.since + timeoutMs;
      if (first === null || at < first) first = at;
    }
    return first;
  }

  /** Ends the sessions that have had neither a stream nor an acknowledgement for `timeoutMs` at time `now`. */
  expire(now: number, timeoutMs: number): void {
    for (const session of [...this.#sessions.values()]) {
      const { connection } = session;
      if (connection.kind === "connected" || connection.since + timeoutMs > now) continue;
      this.#drop(session, new CanceledError(`Session "${session.id}" has timed out`));
    }
    this.#assign();
    this.#wakeAtEnd();
  }

  /** The waiting streams whose {@linkcode SessionBook.turn} has something now; each is named once. */
  takeWoken(): number[] {
    if (this.#woken.size === 0) return [];
    const woken = [...this.#woken];
    this.#woken.clear();
    return woken;
  }

  #drop(session: Session<B>, reason: Error): void {
    this.#sessions.delete(session.clientId);
    if (session.connection.kind === "connected") this.#endStream(session.connection.stream, reason);
    const left = this.#forgetsLeft ? [] : session.untaken();
    this.#outstanding -= session.held - left.length;
    this.#pool.unshift(...left);
  }

  #endStream(stream: number, reason: Error): void {
    this.#streams.delete(stream);
    this.#endedStreams.set(stream, reason);
    this.#woken.add(stream);
  }

  #assign(): void {
    while (this.#pool.length > 0) {
      const session = this.#choose();
      if (!session) return;
      const woke = session.give(this.#pool.shift()!, ++this.#served);
      if (woke && session.connection.kind === "connected") this.#woken.add(session.connection.stream);
    }
  }

  /** The session with room that has the fewest blocks not begun; among equals the one longest not served. */
  #choose(): Session<B> | undefined {
    let chosen: Session<B> | undefined;
    for (const session of this.#sessions.values()) {
      if (!session.hasRoom) continue;
      if (!chosen) chosen = session;
      else {
        const fewer = session.notBegun - chosen.notBegun || session.servedAt - chosen.servedAt;
        if (fewer < 0) chosen = session;
      }
    }
    return chosen;
  }

  /** Streams that wait while the pool runs empty at the end learn that nothing more will come. */
  #wakeAtEnd(): void {
    if (this.#isOver) this.#wakeAll();
  }

  #wakeAll(): void {
    for (const [stream, { connection }] of this.#streams) {
      if (connection.kind === "connected" && connection.waiting) this.#woken.add(stream);
    }
  }
}
