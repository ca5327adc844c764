import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { CanceledError, FailedPreconditionError, UnavailableError } from "../../../src/base/mod.ts";
import type { Item } from "../../../src/worker/core/session.ts";
import { type OpenRequest, SessionBook } from "../../../src/worker/core/session_book.ts";

function block(name: string, bytes = 1): Item<string> {
  return { kind: "block", block: name, bytes, count: 10 };
}

function request(clientId: bigint, rest: Partial<OpenRequest> = {}): OpenRequest {
  return { clientId, sessionId: "", next: 0, taken: 0, limit: 2, ...rest };
}

/** Everything that the stream would send now, in short: blocks and failures, "error", "end" or "wait". */
function drain(book: SessionBook<string>, stream: number): string[] {
  const seen: string[] = [];
  for (;;) {
    const turn = book.turn(stream);
    if (turn.kind === "block") seen.push(`${turn.sequence}:${turn.block}`);
    else if (turn.kind === "failure") seen.push(`${turn.sequence}:${turn.error}`);
    else return [...seen, turn.kind];
  }
}

Deno.test("blocks go out in order, and never beyond the reader's limit", () => {
  const book = new SessionBook<string>();
  assertEquals(book.open(request(1n), 10, "s"), "s");
  for (const name of ["a", "b", "c"]) book.offer(block(name));
  assertEquals(drain(book, 10), ["0:a", "1:b", "wait"]);
  assertEquals(book.wantsMore, false, "one block is prepared and nobody has room for it");
  assertEquals(book.acknowledge(1n, "s", { taken: 1, limit: 3, release: false }, 0), "noted");
  assertEquals(book.takeWoken(), [10]);
  assertEquals(book.wantsMore, true);
  assertEquals(drain(book, 10), ["2:c", "wait"]);
});

Deno.test("a reader that reconnects gets what it lacks again, under the same numbers", () => {
  const book = new SessionBook<string>();
  book.open(request(1n, { limit: 5 }), 10, "s");
  for (const name of ["a", "b", "c"]) book.offer(block(name));
  assertEquals(drain(book, 10), ["0:a", "1:b", "2:c", "wait"]);
  book.close(10, 0);
  assertEquals(book.open(request(1n, { sessionId: "s", next: 1, taken: 1, limit: 6 }), 11, "t"), "s");
  assertEquals(drain(book, 11), ["1:b", "2:c", "wait"]);
});

Deno.test("block numbers that are not those of the session are refused", () => {
  const book = new SessionBook<string>();
  book.open(request(1n), 10, "s");
  book.offer(block("a"));
  book.acknowledge(1n, "s", { taken: 1, limit: 3, release: false }, 0);
  assertThrows(() => book.open(request(1n, { sessionId: "s", next: 0 }), 11, "t"), FailedPreconditionError);
  assertThrows(() => book.open(request(1n, { sessionId: "s", next: 2 }), 11, "t"), FailedPreconditionError);
  assertThrows(() => book.open(request(2n, { next: 1 }), 11, "t"), FailedPreconditionError);
  assertThrows(
    () => book.acknowledge(1n, "s", { taken: 2, limit: 3, release: false }, 0),
    FailedPreconditionError,
    "it has 1",
  );
});

Deno.test("each new block goes to the reader with the fewest blocks not begun, then to the one longest not served", () => {
  const book = new SessionBook<string>();
  book.open(request(1n, { limit: 8 }), 1, "s1");
  book.offer(block("a"));
  book.open(request(2n, { limit: 8 }), 2, "s2");
  book.open(request(3n, { limit: 8 }), 3, "s3");
  for (const name of ["b", "c", "d"]) book.offer(block(name));
  assertEquals(drain(book, 1), ["0:a", "1:d", "wait"]);
  assertEquals(drain(book, 2), ["0:b", "wait"]);
  assertEquals(drain(book, 3), ["0:c", "wait"]);
  // Reader 1 has begun both of its blocks: its limit says so although it has taken only one.
  book.acknowledge(1n, "s1", { taken: 1, limit: 10, release: false }, 0);
  book.offer(block("e"));
  assertEquals(drain(book, 1), ["2:e", "wait"]);
});

Deno.test("a reader without a window of its own gets a block only when it asks for one", () => {
  const book = new SessionBook<string>();
  book.open(request(1n, { limit: 0 }), 1, "s1");
  book.offer(block("a"));
  book.offer(block("b"));
  assertEquals(book.wantsMore, false);
  assertEquals(book.turn(1), { kind: "block", sequence: 0, block: "a", skip: 0 });
  book.end();
  assertEquals(book.turn(1), { kind: "block", sequence: 1, block: "b", skip: 0 });
  assertEquals(
    book.completed,
    false,
    "the last block counts as taken when the reader asks for what is behind it",
  );
  assertEquals(book.turn(1), { kind: "end", sequence: 2 });
  assertEquals(book.completed, true);
});

Deno.test("what a reader leaves behind goes to other readers first, in order", () => {
  const book = new SessionBook<string>();
  book.open(request(1n, { limit: 3 }), 1, "s1");
  for (const name of ["a", "b", "c", "d"]) book.offer(block(name));
  assertEquals(drain(book, 1), ["0:a", "1:b", "2:c", "wait"]);
  book.open(request(2n, { limit: 9 }), 2, "s2");
  assertEquals(drain(book, 2), ["0:d", "wait"]);
  book.acknowledge(1n, "s1", { taken: 1, limit: 3, release: true }, 0);
  assertEquals(book.takeWoken().sort(), [1, 2]);
  assertEquals(drain(book, 2), ["1:b", "2:c", "wait"]);
  const turn = book.turn(1);
  assertInstanceOf(turn.kind === "error" && turn.error, CanceledError);
  assertEquals(book.acknowledge(1n, "s1", { taken: 3, limit: 3, release: true }, 0), "unknownSession");
});

Deno.test("the task is completed when the pipeline has ended and every block is taken", () => {
  const book = new SessionBook<string>();
  book.open(request(1n, { limit: 9 }), 1, "s1");
  book.open(request(2n, { limit: 9 }), 2, "s2");
  book.offer(block("a"));
  book.offer(block("b"));
  assertEquals(drain(book, 1), ["0:a", "wait"]);
  book.end();
  assertEquals(book.takeWoken(), [1]);
  assertEquals(drain(book, 1), ["draining"], "reader 2 may leave what it holds");
  assertEquals(drain(book, 2), ["0:b", "draining"]);
  assertEquals(book.turn(2, { patient: false }), { kind: "end", sequence: 1 });
  book.acknowledge(1n, "s1", { taken: 1, limit: 9, release: false }, 0);
  assertEquals(book.completed, false);
  assertEquals(drain(book, 2), ["end"], "only its own block is left");
  book.close(2, 0);
  book.acknowledge(2n, "s2", { taken: 1, limit: 9, release: false }, 0);
  assertEquals(book.completed, true);
});

Deno.test("a task whose pipeline is empty is completed at once", () => {
  const book = new SessionBook<string>();
  book.open(request(1n), 1, "s");
  assertEquals(drain(book, 1), ["wait"]);
  book.end();
  assertEquals(book.completed, true);
  assertEquals(drain(book, 1), ["end"]);
});

Deno.test("an error has its number, is sent again until it is taken, and nothing follows it before", () => {
  const book = new SessionBook<string>();
  book.open(request(1n, { limit: 9 }), 1, "s1");
  book.offer(block("a"));
  book.offer({ kind: "error", error: "first" });
  book.offer(block("b"));
  assertEquals(drain(book, 1), ["0:a", "1:first", "wait"]);
  book.close(1, 0);
  book.open(request(1n, { sessionId: "s1", next: 1, limit: 9 }), 2, "x");
  assertEquals(drain(book, 2), ["1:first", "wait"]);
  book.acknowledge(1n, "s1", { taken: 2, limit: 9, release: false }, 0);
  assertEquals(drain(book, 2), ["2:b", "wait"]);
});

Deno.test("an error that its reader did not take goes to another one, in its place", () => {
  const book = new SessionBook<string>();
  book.open(request(1n, { limit: 9 }), 1, "s1");
  book.offer(block("a"));
  book.offer({ kind: "error", error: "lost" });
  book.offer(block("b"));
  book.end();
  assertEquals(drain(book, 1), ["0:a", "1:lost", "wait"]);
  book.acknowledge(1n, "s1", { taken: 0, limit: 1, release: true }, 0);
  book.open(request(2n, { limit: 9 }), 3, "s2");
  assertEquals(drain(book, 3), ["0:a", "1:lost", "wait"]);
  assertEquals(book.completed, false);
  book.acknowledge(2n, "s2", { taken: 2, limit: 9, release: true }, 0);
  book.open(request(3n, { limit: 9 }), 4, "s3");
  assertEquals(drain(book, 4), ["0:b", "end"], "whoever took the error has left: reading goes on behind it");
});

Deno.test("the stream of a reader that does not acknowledge ends with the error, once", () => {
  const book = new SessionBook<string>();
  book.open(request(1n, { limit: 0 }), 1, "s1");
  book.offer({ kind: "error", error: "first" });
  book.offer(block("b"));
  book.end();
  assertEquals(drain(book, 1), ["error"]);
  book.close(1, 0);
  book.open(request(1n, { sessionId: "s1", next: 1, limit: 0 }), 2, "x");
  assertEquals(drain(book, 2), ["1:b", "end"]);
});

Deno.test("a newer stream of a session replaces the older one", () => {
  const book = new SessionBook<string>();
  book.open(request(1n), 1, "s1");
  assertEquals(drain(book, 1), ["wait"]);
  book.open(request(1n, { sessionId: "s1" }), 2, "x");
  assertEquals(book.takeWoken(), [1]);
  const turn = book.turn(1);
  assertInstanceOf(turn.kind === "error" && turn.error, UnavailableError);
  book.close(1, 0);
  book.offer(block("a"));
  assertEquals(drain(book, 2), ["0:a", "wait"], "closing the replaced stream does not touch the new one");
});

Deno.test("a reader that never learned its session's name goes on with it", () => {
  const book = new SessionBook<string>();
  book.open(request(1n), 1, "s1");
  book.offer(block("a"));
  assertEquals(drain(book, 1), ["0:a", "wait"]);
  book.close(1, 0);
  assertEquals(book.open(request(1n), 2, "s2"), "s1");
  assertEquals(drain(book, 2), ["0:a", "wait"]);
});

Deno.test("a request that comes behind a later one of its reader is refused, and changes nothing", () => {
  const book = new SessionBook<string>();
  const first = request(1n, { limit: 5, streamNumber: 1 });
  book.open(first, 10, "s");
  for (const name of ["a", "b", "c"]) book.offer(block(name));
  assertEquals(drain(book, 10), ["0:a", "1:b", "2:c", "wait"]);
  book.acknowledge(1n, "s", { taken: 1, limit: 6, release: false }, 0);
  // Were it another reader's, the session would end, and what its reader has got would be given out again.
  assertThrows(
    () => book.open(first, 11, "t"),
    UnavailableError,
    'stream 1 of session "s": it is at stream 1',
  );
  book.offer(block("d"));
  assertEquals(drain(book, 10), ["3:d", "wait"]);
  book.close(10, 0);
  const second = request(1n, { sessionId: "s", next: 3, taken: 1, limit: 6, streamNumber: 2 });
  assertEquals(book.open(second, 12, "t"), "s");
  assertThrows(() => book.open(first, 13, "t"), UnavailableError, "it is at stream 2");
  assertThrows(() => book.open(second, 13, "t"), UnavailableError, "it is at stream 2");
  assertEquals(drain(book, 12), ["3:d", "wait"]);
});

Deno.test("a reader that forgot what it took begins a new session with what it had not taken", () => {
  const book = new SessionBook<string>();
  book.open(request(1n), 1, "s1");
  book.offer(block("a"));
  book.offer(block("b"));
  book.acknowledge(1n, "s1", { taken: 1, limit: 3, release: false }, 0);
  assertEquals(book.open(request(1n), 2, "s2"), "s2");
  assertEquals(drain(book, 2), ["0:b", "wait"]);
});

Deno.test("a reader that names a session of a former run gets a new one with the same room", () => {
  const book = new SessionBook<string>();
  assertEquals(book.open(request(1n, { sessionId: "old", next: 9, taken: 7, limit: 9 }), 1, "s1"), "s1");
  for (const name of ["a", "b", "c"]) book.offer(block(name));
  assertEquals(drain(book, 1), ["0:a", "1:b", "wait"]);
});

Deno.test("sessions without their reader end when nobody has heard of them for long", () => {
  const book = new SessionBook<string>();
  book.open(request(1n), 1, "s1");
  book.open(request(2n), 2, "s2");
  book.offer(block("a"));
  assertEquals(book.nextExpiry(100), null);
  book.close(1, 1_000);
  assertEquals(book.nextExpiry(100), 1_100);
  book.acknowledge(1n, "s1", { taken: 0, limit: 2, release: false }, 1_050);
  book.expire(1_100, 100);
  assertEquals(book.size, 2);
  book.expire(1_150, 100);
  assertEquals(book.size, 1);
  assertEquals(drain(book, 2), ["0:a", "wait"]);
});

Deno.test("a connection that does not move gets only some megabytes, whatever its reader's limit", () => {
  const book = new SessionBook<string>();
  const megabytes = (n: number) => n * 1024 * 1024;
  book.open(request(1n, { limit: 100 }), 1, "s1");
  for (const name of ["a", "b", "c"]) book.offer(block(name, megabytes(3)));
  assertEquals(book.wantsMore, false);
  assertEquals(drain(book, 1), ["0:a", "1:b", "2:c", "wait"], "what moves gets on");
  book.offer(block("huge", megabytes(500)));
  assertEquals(book.wantsMore, true, "one block is always let through");
});

Deno.test("of a block that a reader has begun, only the rest goes to another one", () => {
  const book = new SessionBook<string>();
  book.open(request(1n, { limit: 9 }), 1, "s1");
  book.offer(block("a"));
  book.end();
  assertEquals(drain(book, 1), ["0:a", "end"]);
  book.open(request(2n, { limit: 9 }), 2, "s2");
  assertEquals(drain(book, 2), ["draining"]);
  book.acknowledge(1n, "s1", { taken: 0, takenWithin: 3, limit: 9, release: true }, 0);
  assertEquals(book.takeWoken().sort(), [1, 2]);
  assertEquals(book.turn(2), { kind: "block", sequence: 0, block: "a", skip: 3 });
  assertEquals(drain(book, 2), ["end"]);
  // What the second one takes counts on from there.
  book.acknowledge(2n, "s2", { taken: 0, takenWithin: 4, limit: 9, release: true }, 0);
  book.open(request(3n, { limit: 9 }), 3, "s3");
  assertEquals(book.turn(3), { kind: "block", sequence: 0, block: "a", skip: 7 });
  book.acknowledge(3n, "s3", { taken: 0, takenWithin: 99, limit: 9, release: true }, 0);
  assertEquals(book.completed, true, "nothing is left of it");
});

Deno.test("a reader that crashed had what it has said, and of an older message nothing is believed", () => {
  const book = new SessionBook<string>();
  book.open(request(1n, { limit: 9 }), 1, "s1");
  for (const name of ["a", "b"]) book.offer(block(name));
  book.acknowledge(1n, "s1", { taken: 0, takenWithin: 5, limit: 9, release: false }, 0);
  book.acknowledge(1n, "s1", { taken: 1, takenWithin: 2, limit: 9, release: false }, 0);
  book.acknowledge(1n, "s1", { taken: 0, takenWithin: 8, limit: 9, release: false }, 0);
  book.close(1, 0);
  book.expire(10, 10);
  book.open(request(2n, { limit: 9 }), 2, "s2");
  assertEquals(book.turn(2), { kind: "block", sequence: 0, block: "b", skip: 2 });
});

Deno.test("a reader without its session's name that has begun a block is another one", () => {
  const book = new SessionBook<string>();
  book.open(request(1n, { limit: 9 }), 1, "s1");
  book.offer(block("a"));
  book.acknowledge(1n, "s1", { taken: 0, takenWithin: 5, limit: 9, release: false }, 0);
  assertEquals(book.open(request(1n, { limit: 9 }), 2, "s2"), "s2");
  assertEquals(book.turn(2), { kind: "block", sequence: 0, block: "a", skip: 5 });
});

Deno.test("a lost reader's session ends although it is connected, and others get what it had not taken", () => {
  const book = new SessionBook<string>();
  book.open(request(1n, { limit: 3 }), 1, "s1");
  for (const name of ["a", "b", "c", "d"]) book.offer(block(name));
  book.end();
  assertEquals(drain(book, 1), ["0:a", "1:b", "2:c", "wait"]);
  book.acknowledge(1n, "s1", { taken: 1, takenWithin: 4, limit: 3, release: false }, 0);
  book.open(request(2n, { limit: 9 }), 2, "s2");
  assertEquals(drain(book, 2), ["0:d", "draining"]);
  book.release(1n);
  assertEquals(book.takeWoken().sort(), [1, 2]);
  assertEquals(book.turn(2), { kind: "block", sequence: 1, block: "b", skip: 4 });
  assertEquals(drain(book, 2), ["2:c", "end"]);
  const turn = book.turn(1);
  assertInstanceOf(turn.kind === "error" && turn.error, CanceledError);
  book.release(1n);
  assertEquals([book.size, book.takeWoken()], [1, []], "it has none any more");
  // It was not lost after all, and comes back: as another reader would.
  assertEquals(book.open(request(1n, { sessionId: "s1", next: 3, taken: 1, limit: 4 }), 3, "s3"), "s3");
});
