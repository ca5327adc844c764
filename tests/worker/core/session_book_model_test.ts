import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { SessionBook } from "../../../src/worker/core/session_book.ts";

/** Elements of each block. */
const ELEMENTS = 3;

/** A reader as the protocol wants it, which checks all it gets. */
class Reader {
  session = "";
  stream: number | null = null;
  /** Blocks of the present session, by number. */
  received: number[] = [];
  taken = 0;
  /** Elements of the block behind those that are taken which it has said it has got. */
  within = 0;
  limit: number;
  constructor(readonly id: bigint, readonly window: number) {
    this.limit = window;
  }
}

/** The dumb twin: where each block is. */
class Model {
  readonly book = new SessionBook<number>();
  readonly readers: Reader[];
  /** For each block: the reader that it was sent to, null while it is with nobody, "taken". */
  readonly places: (Reader | null | "taken")[] = [];
  /** For each block: how many elements nobody needs any more. */
  readonly skips: number[] = [];
  readonly #errors = new Set<number>();
  ended = false;
  #streams = 0;
  #sessions = 0;

  constructor(windows: number[]) {
    this.readers = windows.map((window, i) => new Reader(BigInt(i), window));
  }

  open(reader: Reader): void {
    const stream = this.#streams++;
    const { session, received, taken, limit } = reader;
    const id = this.book.open(
      { clientId: reader.id, sessionId: session, next: received.length, taken, limit },
      stream,
      `s${this.#sessions++}`,
    );
    assert(session === "" || id === session, "a session that lives goes on");
    reader.session = id;
    reader.stream = stream;
  }

  close(reader: Reader): void {
    if (reader.stream !== null) this.book.close(reader.stream, 0);
    reader.stream = null;
  }

  /** Offers a block, or an error, which is to be treated alike. */
  offer(isError = false): void {
    if (this.ended || !this.book.wantsMore) return;
    this.places.push(null);
    this.skips.push(0);
    const number = this.places.length - 1;
    if (isError) {
      this.#errors.add(number);
      this.book.offer({ kind: "error", error: number });
    } else this.book.offer({ kind: "block", block: number, bytes: 1, count: ELEMENTS });
  }

  /** Sends one block of the reader's stream, if there is one. Says whether the stream has ended. */
  turn(reader: Reader): boolean {
    if (reader.stream === null) return false;
    const turn = this.book.turn(reader.stream);
    if (turn.kind === "end") {
      assert(this.ended, "no end before the pipeline's");
      assertEquals(turn.sequence, reader.received.length);
      assert(!this.#mayComeBack(reader), "no end while others hold what may come back");
      return true;
    }
    if (turn.kind === "draining") {
      assert(this.ended && this.#mayComeBack(reader), "nothing to wait for");
      return false;
    }
    if (turn.kind === "error") throw turn.error;
    if (turn.kind === "wait") return false;
    assertEquals(turn.sequence, reader.received.length, "blocks come in order, none twice");
    assert(turn.sequence < reader.limit, "the limit holds");
    const number = turn.kind === "block" ? turn.block : turn.error as number;
    assertEquals(this.places[number], null, "nobody else has the block");
    if (turn.kind === "block") assertEquals(turn.skip, this.skips[number], "the rest of the block");
    this.places[number] = reader;
    reader.received.push(number);
    return false;
  }

  #mayComeBack(reader: Reader): boolean {
    return this.places.some((place, number) =>
      place !== "taken" && place !== reader && !reader.received.includes(number)
    );
  }

  /** The reader's connection breaks while up to `count` blocks are on their way: it never sees them. */
  lose(reader: Reader, count: number): void {
    this.close(reader);
    const begun = reader.taken + (reader.within > 0 ? 1 : 0);
    const lost = reader.received.splice(Math.max(begun, reader.received.length - count));
    for (const block of lost) this.places[block] = null;
  }

  acknowledge(reader: Reader, count: number, release: boolean, within = 0): void {
    if (reader.session === "") return;
    const taken = Math.min(reader.received.length, reader.taken + count);
    for (const block of reader.received.slice(reader.taken, taken)) this.places[block] = "taken";
    if (taken > reader.taken) reader.within = 0;
    const begun = reader.received.at(taken);
    const canBegin = begun !== undefined && !this.#errors.has(begun);
    const takenWithin = canBegin ? Math.min(within, ELEMENTS - this.skips[begun]) : 0;
    reader.within = Math.max(reader.within, takenWithin);
    reader.taken = taken;
    reader.limit = Math.min(taken + 1, Math.max(taken, reader.received.length)) + reader.window;
    const { limit } = reader;
    const outcome = this.book.acknowledge(reader.id, reader.session, {
      taken,
      takenWithin,
      limit,
      release,
    }, 0);
    assertEquals(outcome, "noted");
    if (release) this.#forget(reader);
  }

  expire(): void {
    this.book.expire(1, 1);
    for (const reader of this.readers) {
      if (reader.stream === null && reader.session !== "") this.#forget(reader);
    }
  }

  /** Its dispatcher counts it as lost. */
  release(reader: Reader): void {
    this.book.release(reader.id);
    if (reader.session !== "") this.#forget(reader);
  }

  #forget(reader: Reader): void {
    this.close(reader);
    for (const block of reader.received.slice(reader.taken)) this.places[block] = null;
    if (reader.within > 0) {
      const begun = reader.received[reader.taken];
      this.skips[begun] += reader.within;
      if (this.skips[begun] === ELEMENTS) this.places[begun] = "taken";
    }
    Object.assign(reader, { session: "", received: [], taken: 0, within: 0, limit: reader.window });
  }

  end(): void {
    this.ended = true;
    this.book.end();
  }

  check(): void {
    const all = this.ended && this.places.every((place) => place === "taken");
    assertEquals(this.book.completed, all, "completed exactly when all is taken");
  }

  /** Lets every reader read to the end, and takes everything. */
  finish(): void {
    if (!this.ended) this.end();
    const [last, ...others] = this.readers;
    for (const reader of others) {
      if (reader.session !== "") this.acknowledge(reader, 0, true);
    }
    if (last.stream === null) this.open(last);
    for (let round = 0; round <= this.places.length + 1; round++) {
      while (last.received.length < last.limit) {
        const before = last.received.length;
        if (this.turn(last) || last.received.length === before) break;
      }
      this.acknowledge(last, Infinity, false);
    }
    this.check();
    assertEquals(this.book.completed, true, "no block is lost");
    assertEquals(this.turn(last), true);
  }
}

const step = fc.record({
  kind: fc.constantFrom(
    "open",
    "close",
    "lose",
    "offer",
    "offer",
    "offerError",
    "turn",
    "turn",
    "turn",
    "take",
    "release",
    "lost",
    "expire",
    "end",
  ),
  reader: fc.nat(2),
  count: fc.nat(4),
  within: fc.nat(ELEMENTS),
});

Deno.test("whatever happens, no block is lost, none has two readers, limits hold, completion is exact", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 }),
      fc.array(step, { maxLength: 120 }),
      (windows, steps) => {
        const model = new Model(windows);
        for (const { kind, reader: index, count, within } of steps) {
          const reader = model.readers[index];
          if (kind === "open" && reader.stream === null) model.open(reader);
          else if (kind === "close") model.close(reader);
          else if (kind === "lose") model.lose(reader, count);
          else if (kind === "offer") model.offer();
          else if (kind === "offerError") model.offer(true);
          else if (kind === "turn") model.turn(reader);
          else if (kind === "take") model.acknowledge(reader, count, false, within);
          else if (kind === "release") model.acknowledge(reader, count, true, within);
          else if (kind === "lost") model.release(reader);
          else if (kind === "expire") model.expire();
          else if (kind === "end" && count === 0 && !model.ended) model.end();
          model.check();
        }
        model.finish();
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("while several readers wait, none gets a second block before each has one", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 6 }),
    fc.integer({ min: 1, max: 20 }),
    (windows, blocks) => {
      const model = new Model(windows);
      for (const reader of model.readers) model.open(reader);
      for (let i = 0; i < blocks; i++) model.offer();
      for (const reader of model.readers) {
        for (let i = 0; i < blocks; i++) model.turn(reader);
      }
      const room = windows.reduce((sum, window) => sum + window, 0);
      const counts = model.readers.map((reader) => reader.received.length);
      assertEquals(counts.reduce((sum, count) => sum + count, 0), Math.min(blocks, room));
      for (const [i, count] of counts.entries()) {
        for (const [j, other] of counts.entries()) {
          assert(
            count <= other + 1 || other === windows[j],
            `reader ${i} has ${count}, reader ${j} ${other}`,
          );
        }
      }
    },
  ));
});
