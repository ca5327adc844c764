/** One reader's session with a task: its numbered blocks, what of them is sent and taken, and how much it has room for. */

import { FailedPreconditionError } from "../../base/mod.ts";

/** What a pipeline gives: blocks of elements, and errors in their place between them. */
export type Item<B> =
  | {
    readonly kind: "block";
    readonly block: B;
    readonly bytes: number;
    /** How many elements it holds. */
    readonly count: number;
    /** Elements at its beginning that a reader took before it left. @default 0 */
    readonly skip?: number;
  }
  | { readonly kind: "error"; readonly error: unknown };

/** The numbers in which a reader says how far it is; see `worker.proto`. */
export interface Progress {
  /** Blocks below it are taken. */
  readonly taken: number;
  /** Blocks below it may be sent. */
  readonly limit: number;
  /** Elements of block `taken` that the program has got, not counting those that were left out. @default 0 */
  readonly takenWithin?: number;
}

/** How a reader is connected. */
export type Connection =
  /** A stream is open; it has sent the blocks below `cursor`. Left when the stream closes or a newer one replaces it. */
  | { readonly kind: "connected"; readonly stream: number; cursor: number; waiting: boolean }
  /** No stream is open. Left when the reader comes back; the session ends when it stays away too long. */
  | { readonly kind: "disconnected"; since: number };

// A connection that does not move gets no more than this assigned, whatever its reader's limit: the rest is
// better off with readers that do move, and memory stays bounded before a reader knows how large its blocks are.
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;

/** The session of one reader. Blocks have numbers from 0; those below `taken` are forgotten. */
export class Session<B> {
  readonly clientId: bigint;
  readonly id: string;
  connection: Connection;
  /** When it was last given something, by the book's count; 0: never. */
  servedAt = 0;
  /** The number of its reader's latest request for a stream; 0: its reader does not count. */
  streamNumber = 0;
  /** Whether its blocks count as taken when they are sent. */
  readonly #automatic: boolean;
  #kept: Item<B>[] = [];
  #taken = 0;
  #takenWithin = 0;
  #limit: number;
  #window: number;
  #unsentBytes = 0;

  /** Makes the session of a reader that is just connecting. `limit` 0: it will not acknowledge. */
  constructor(clientId: bigint, id: string, stream: number, limit: number) {
    this.clientId = clientId;
    this.id = id;
    this.connection = { kind: "connected", stream, cursor: 0, waiting: false };
    this.#automatic = limit === 0;
    this.#limit = limit;
    this.#window = limit;
  }

  /** The first block that is not taken. */
  get taken(): number {
    return this.#taken;
  }

  /** The number that its next block will have. */
  get next(): number {
    return this.#taken + this.#kept.length;
  }

  /** Whether its reader has got the first elements of a block, as far as is known. */
  get isBegun(): boolean {
    return this.#takenWithin > 0;
  }

  /** How many blocks it has that are not taken. */
  get held(): number {
    return this.#kept.length;
  }

  /** Whether its reader acknowledges nothing. */
  get isAutomatic(): boolean {
    return this.#automatic;
  }

  /** Whether it holds an error: its reader is over when it gets that, so that what follows is better off elsewhere. */
  get #failing(): boolean {
    return this.#kept.at(-1)?.kind === "error";
  }

  /** Whether something may be given to it now. */
  get hasRoom(): boolean {
    const { connection } = this;
    if (connection.kind === "disconnected" || this.#failing) return false;
    if (this.#automatic) return connection.waiting && connection.cursor === this.next;
    return this.next < this.#limit &&
      (this.#unsentBytes < MAX_UNSENT_BYTES || connection.cursor === this.next);
  }

  /** Whether its stream has sent everything and waits for more that it may send. */
  get hungry(): boolean {
    return this.connection.kind === "connected" && this.connection.waiting && this.hasRoom;
  }

  /**
   * How many blocks its reader has not begun, as far as is known. A reader's limit is the first block that it has
   * not begun plus its window; the window is what the limit was before anything was taken.
   */
  get notBegun(): number {
    const begun = this.#automatic ? this.#taken : this.#limit - this.#window;
    return Math.max(0, this.next - begun);
  }

  /** Gives it an item; says whether its stream was waiting for it. */
  give(item: Item<B>, servedAt: number): boolean {
    this.servedAt = servedAt;
    this.#kept.push(item);
    this.#unsentBytes += bytesOf(item);
    return this.connection.kind === "connected" && this.connection.waiting;
  }

  /** The item that its stream sends next, or undefined if all are sent. */
  send(): { sequence: number; item: Item<B> } | undefined {
    const { connection } = this;
    if (connection.kind === "disconnected" || connection.cursor === this.next) return undefined;
    const sequence = connection.cursor++;
    const item = this.#kept[sequence - this.#taken];
    this.#unsentBytes -= bytesOf(item);
    return { sequence, item };
  }

  /** Counts what has been sent as taken, if the reader does not acknowledge; gives the number of blocks forgotten. */
  takeSent(): number {
    if (!this.#automatic || this.connection.kind === "disconnected") return 0;
    return this.#forgetBelow(this.connection.cursor);
  }

  /**
   * Notes what the reader says; gives the number of blocks that are forgotten. Numbers never go back: an older
   * message that comes late changes nothing.
   *
   * @throws {FailedPreconditionError} if it has taken blocks that the session does not have
   */
  progress({ taken, limit, takenWithin = 0 }: Progress): number {
    if (taken > this.next) {
      throw new FailedPreconditionError(
        `Cannot take the blocks below ${taken} of session "${this.id}": it has ${this.next}`,
      );
    }
    if (!this.#automatic && limit > this.#limit) this.#limit = limit;
    const forgotten = this.#forgetBelow(taken);
    if (taken === this.#taken) this.#takenWithin = Math.max(this.#takenWithin, takenWithin);
    const rest = this.#limit - this.#taken;
    // One block more than the window may lie between the two, as the reader has begun the block that it is in.
    this.#window = Math.max(rest - 1, Math.min(this.#window, rest));
    return forgotten;
  }

  #forgetBelow(sequence: number): number {
    const count = sequence - this.#taken;
    if (count <= 0) return 0;
    this.#kept.splice(0, count);
    this.#taken = sequence;
    this.#takenWithin = 0;
    const { connection } = this;
    if (connection.kind === "connected" && connection.cursor < sequence) {
      this.#moveCursor(connection, sequence);
    }
    return count;
  }

  /**
   * Goes on with a new stream from block `cursor` on.
   *
   * @throws {FailedPreconditionError} if the reader lacks a block that it took, or asks for one that is not there yet
   */
  connect(stream: number, cursor: number): void {
    if (cursor < this.#taken || cursor > this.next) {
      throw new FailedPreconditionError(
        `Cannot send session "${this.id}" from block ${cursor} on: it has blocks ${this.#taken} to ${this.next}`,
      );
    }
    const connection = { kind: "connected" as const, stream, cursor, waiting: false };
    this.connection = connection;
    this.#moveCursor(connection, cursor);
  }

  #moveCursor(connection: Extract<Connection, { kind: "connected" }>, cursor: number): void {
    connection.cursor = cursor;
    this.#unsentBytes = this.#kept.slice(cursor - this.#taken).reduce((sum, item) => sum + bytesOf(item), 0);
  }

  /** Everything that is not taken, in order, for other readers: of a block that was begun the rest. */
  untaken(): Item<B>[] {
    const [begun, ...others] = this.#kept;
    if (begun?.kind !== "block" || this.#takenWithin === 0) return this.#kept;
    const skip = (begun.skip ?? 0) + this.#takenWithin;
    return skip < begun.count ? [{ ...begun, skip }, ...others] : others;
  }
}

function bytesOf<B>(item: Item<B>): number {
  return item.kind === "block" ? item.bytes : 0;
}
