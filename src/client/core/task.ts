/** One task, seen by a reader: its stream, its session, and the blocks that wait to be begun. */

import type { BlockProvenance } from "../../element/mod.ts";
import { isUnixAddress } from "../../rpc/mod.ts";
import type { ListedTask, SessionPosition } from "./events.ts";

/** Where a task stands. */
export type TaskPhase =
  /** A stream was asked for and has not named its session yet. Left by its first batch. */
  | { readonly kind: "opening" }
  /** The stream runs. Left by its end, its failure, or the dispatcher's word that there is nothing more. */
  | { readonly kind: "open" }
  /** The worker has said that there are no more elements for this reader. Never left. */
  | { readonly kind: "ended" }
  /** The stream ended with an error, which the program gets after the blocks before it. Never left. */
  | { readonly kind: "failed"; readonly error: unknown }
  /** The dispatcher gave the task up while it could not be read to its end. Left if it is listed again. */
  | { readonly kind: "gone" };

/** What comes in under a number: a block, or an error of the pipeline in its place. */
export type Item<B> =
  | {
    readonly kind: "block";
    readonly block: B;
    readonly bytes: number;
    readonly provenance: BlockProvenance | null;
    /** Elements of `provenance` before the first of `block`. */
    readonly skip: number;
    /** How many elements `block` has. */
    readonly count: number;
  }
  | { readonly kind: "failure"; readonly error: unknown };

interface Waiting<B> {
  readonly item: Item<B>;
  readonly generation: number;
}

/** The bookkeeping of one task; {@linkcode ReaderCore} decides what to do by it. */
export class Task<B> {
  readonly id: bigint;
  workerUid: string;
  phase: TaskPhase = { kind: "opening" };
  /** Number of the present stream: what comes from older ones is ignored. */
  stream = 0;
  /** Streams that failed since the last block. */
  failures = 0;
  /** Acknowledgements that failed since the last answered one. */
  acknowledgeFailures = 0;
  /** Successive listings as finished while the stream had not ended. */
  finishedListings = 0;
  /** Whether the stream waits for the permission to read on. */
  readWanted = false;
  /** Whether others wait, at the end, for this reader to say that it has taken everything. */
  draining = false;
  /** Whether an acknowledgement is on its way. */
  acknowledging = false;
  /** The worker no longer cares what this reader takes. */
  acknowledgementMoot = false;

  /** Where it can be read, in the order in which they are tried. */
  #addresses: readonly string[];
  /** Counts on whenever an address could not be reached. */
  #place = 0;
  #session = "";
  // Counts sessions: a block of a former session must not move the numbers of the present one.
  #generation = 0;
  #next = 0;
  #begun = 0;
  #taken = 0;
  #toldTaken = 0;
  /** What the worker was told of the block in hand. */
  #toldWithin = 0;
  #toldLimit = 0;
  /** The room that was granted when the worker was told last. */
  #toldRoom = 0;
  #tellAgain = false;
  #waiting: Waiting<B>[] = [];
  #inHand: Waiting<B> | null = null;

  /** A task that is to be opened. */
  constructor(listed: ListedTask) {
    this.id = listed.id;
    this.workerUid = listed.workerUid;
    this.#addresses = addressesOf(listed);
  }

  /** Where its stream is, or is to be opened. */
  get address(): string {
    return this.#addresses[this.#place % this.#addresses.length];
  }

  /**
   * Where an acknowledgement goes: after one that failed to the next address, for the task's process may be gone.
   * Calls do not go through unix sockets, which only streams are read from.
   */
  get acknowledgeAddress(): string {
    const callable = this.#addresses.filter((address) => !isUnixAddress(address));
    const place = Math.max(0, callable.indexOf(this.address));
    return callable[(place + this.acknowledgeFailures) % callable.length];
  }

  /** How often every address was tried in vain. */
  get rounds(): number {
    return Math.floor(this.failures / this.#addresses.length);
  }

  /** Takes in where it is now; says whether that is elsewhere than before. */
  move(listed: ListedTask): boolean {
    const addresses = addressesOf(listed);
    const hasMoved = this.workerUid !== listed.workerUid || this.#addresses.join() !== addresses.join();
    this.workerUid = listed.workerUid;
    if (!hasMoved) return false;
    this.#addresses = addresses;
    this.#place = 0;
    return true;
  }

  /** The stream has failed. One that never came to be may do better elsewhere; the next after a broken one may not. */
  fail(): void {
    this.#place = this.phase.kind === "open" ? 0 : this.#place + 1;
    this.failures++;
  }

  /** The session's id; empty before the worker has named it. */
  get session(): string {
    return this.#session;
  }

  /** Number of the block to come. */
  get next(): number {
    return this.#next;
  }

  /** Blocks that wait to be begun. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether blocks may still come in. */
  get isLive(): boolean {
    return this.phase.kind === "opening" || this.phase.kind === "open";
  }

  /** Whether every block that came in has been taken. */
  get isDrained(): boolean {
    return this.#waiting.length === 0 && this.#inHand === null;
  }

  /** Whether nothing is left to do: no block to come or to be taken, no acknowledgement to be answered. */
  get isDone(): boolean {
    if (!this.isDrained) return false;
    if (this.phase.kind === "gone") return true;
    const isAnswered = !this.acknowledging && !this.#tellAgain && this.#toldTaken === this.#taken;
    return this.phase.kind === "ended" && (isAnswered || this.acknowledgementMoot);
  }

  /** The stream's first batch has come: goes on in its session, or from 0 where it is another than before. */
  openSession(session: string): void {
    if (this.#session !== "" && this.#session !== session) this.#beginGeneration();
    this.#session = session;
    this.phase = { kind: "open" };
  }

  #beginGeneration(): void {
    this.#generation++;
    // The worker takes the distance of the former session's numbers for the room in the new one.
    this.#toldLimit = this.#toldRoom = this.#toldLimit - this.#toldTaken;
    this.#next =
      this.#begun =
      this.#taken =
      this.#toldTaken =
      this.#toldWithin =
        0;
    this.#tellAgain = false;
    this.acknowledging = false;
    this.acknowledgeFailures = 0;
  }

  /** A block, or an error, has come in. */
  add(item: Item<B>): void {
    this.#waiting.push({ item, generation: this.#generation });
    this.#next++;
    this.failures = 0;
  }

  /** Begins the first item that waits. */
  begin(): Item<B> {
    const first = this.#waiting.shift()!;
    if (first.generation === this.#generation) this.#begun++;
    this.#inHand = first;
    return first.item;
  }

  /** The block in hand has been handed over to its last element. */
  take(): void {
    if (this.#inHand?.generation === this.#generation) this.#taken++;
    this.#toldWithin = 0;
    this.#inHand = null;
  }

  /** The item in hand, if any. */
  get inHand(): Item<B> | null {
    return this.#inHand?.item ?? null;
  }

  /** Its worker is lost: drops what waits and what is in hand; gives the bytes that waited. */
  drop(): number {
    const bytes = this.#waiting.reduce((sum, { item }) => sum + (item.kind === "block" ? item.bytes : 0), 0);
    this.#waiting = [];
    this.#inHand = null;
    this.#toldWithin = 0;
    this.phase = { kind: "gone" };
    this.acknowledgementMoot = true;
    return bytes;
  }

  /**
   * What the worker is to be told now, with a window of `window` blocks, by a reader that has got `within` elements of
   * the block in hand; it counts as told.
   */
  tell(window: number, within = 0): SessionPosition {
    this.#toldTaken = this.#taken;
    this.#toldWithin = Math.max(this.#toldWithin, this.#withinOfSession(within));
    this.#toldLimit = this.#limit(window);
    this.#toldRoom = this.#toldLimit - this.#begun;
    this.#tellAgain = false;
    return {
      session: this.#session,
      next: this.#next,
      taken: this.#taken,
      ...(this.#toldWithin > 0 && { takenWithin: this.#toldWithin }),
      limit: this.#toldLimit,
    };
  }

  /** Nothing where the block in hand is another task's, or of a former session, which the present one does not know. */
  #withinOfSession(within: number): number {
    return this.#inHand?.generation === this.#generation ? within : 0;
  }

  /** The worker may not have heard what it was told last. */
  tellAgain(): void {
    this.#tellAgain = true;
  }

  /**
   * Whether the worker should be told: half of the room is used up, or the last block before the end is taken.
   * `flush`: whatever was taken and not told, with `within` elements of the block in hand.
   */
  wantsToTell(window: number, { flush, within }: { flush: boolean; within: number }): boolean {
    if (this.acknowledging || this.acknowledgementMoot || this.#session === "") return false;
    const hasNews = this.#tellAgain || this.#taken > this.#toldTaken ||
      this.#withinOfSession(within) > this.#toldWithin;
    switch (this.phase.kind) {
      case "open":
        return this.#tellAgain || (hasNews && (flush || (this.draining && this.isDrained))) ||
          this.#isShortOfRoom(window);
      case "ended":
        return hasNews && (flush || this.isDrained);
      default:
        return false; // The next stream says it, or nobody listens.
    }
  }

  /** By the room of last time: a window that has just grown is no reason to tell the worker at once. */
  #isShortOfRoom(window: number): boolean {
    return this.#limit(window) > this.#toldLimit &&
      this.#toldLimit - this.#begun <= Math.floor(this.#toldRoom / 2);
  }

  #limit(window: number): number {
    return Math.max(this.#toldLimit, this.#begun + window); // A limit never goes back.
  }
}

function addressesOf({ address, dataAddresses = [] }: ListedTask): readonly string[] {
  return [...dataAddresses, address];
}
