import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { DataLossError, InternalError, UnavailableError } from "../../../src/base/mod.ts";
import type { ListedTask, ReaderCommand, ReaderEvent } from "../../../src/client/core/events.ts";
import { ReaderCore } from "../../../src/client/core/reader_core.ts";

const A: ListedTask = { id: 1n, address: "a:1", workerUid: "run-1", finished: false };
const B: ListedTask = { id: 2n, address: "b:1", workerUid: "run-1", finished: false };

function core(options: { maxBlocks?: number | null; maxBytes?: number } = {}): ReaderCore<string> {
  const { maxBlocks = null, maxBytes = 1_000_000 } = options;
  return new ReaderCore<string>({ maxBlocks, maxBytes });
}

/** Steps through events; gives the commands of the last. */
function run(reader: ReaderCore<string>, ...events: ReaderEvent<string>[]): ReaderCommand<string>[] {
  let commands: ReaderCommand<string>[] = [];
  for (const event of events) commands = reader.step(event);
  return commands;
}

const listed = (...tasks: ListedTask[]) => ({ kind: "listed", tasks, iterationFinished: false }) as const;
const iterationOver = (...tasks: ListedTask[]) =>
  ({ kind: "listed", tasks, iterationFinished: true }) as const;
const opened = (task: bigint, { stream = 1, session = "s" } = {}) =>
  ({ kind: "sessionOpened", task, stream, session }) as const;
const ready = (task: bigint, stream = 1) => ({ kind: "ready", task, stream }) as const;
const block = (task: bigint, sequence: number, { stream = 1, bytes = 100 } = {}) =>
  ({ kind: "block", task, stream, sequence, bytes, block: `${task}/${sequence}` }) as const;
const draining = (task: bigint, stream = 1) => ({ kind: "draining", task, stream }) as const;
const ended = (task: bigint, stream = 1) => ({ kind: "ended", task, stream }) as const;
const broken = (task: bigint, stream: number) =>
  ({ kind: "streamFailed", task, stream, retryable: true, error: new Error("broken") }) as const;
const acknowledged = (task: bigint, session = "s") => ({ kind: "acknowledged", task, session }) as const;
const wanted = { kind: "wanted" } as const;
const taken = { kind: "taken" } as const;
const sent = { kind: "heartbeatSent" } as const;

Deno.test("a listed task is opened at once, in a new session, with room for a few blocks", () => {
  assertEquals(run(core(), listed(A)), [{
    kind: "open",
    task: 1n,
    address: "a:1",
    stream: 1,
    attempt: 0,
    position: { session: "", next: 0, taken: 0, limit: 4 },
  }]);
});

Deno.test("a task that is listed again is not opened again", () => {
  assertEquals(run(core(), listed(A), listed(A)), []);
});

Deno.test("maxBlocks is divided over the tasks, at least one each", () => {
  const limits = (maxBlocks: number, count: number) =>
    core({ maxBlocks }).step(listed(...Array.from({ length: count }, (_, i) => ({ ...A, id: BigInt(i) }))))
      .map((command) => command.kind === "open" ? command.position.limit : -1).at(-1);
  assertEquals([limits(1, 1), limits(3, 1), limits(4, 2), limits(5, 2), limits(1, 5)], [1, 3, 2, 2, 1]);
});

Deno.test("a block that arrives goes to the program that waits", () => {
  const reader = core();
  assertEquals(run(reader, listed(A), opened(1n), wanted), []);
  assertEquals(run(reader, block(1n, 0)).filter((c) => c.kind === "handOver"), [
    { kind: "handOver", block: "1/0" },
  ]);
});

Deno.test("blocks of several tasks are handed over in turn", () => {
  const reader = core();
  run(reader, listed(A, B), opened(1n), opened(2n));
  run(reader, block(1n, 0), block(1n, 1), block(1n, 2), block(2n, 0), block(2n, 1));
  const order = [];
  for (let i = 0; i < 5; i++) {
    for (const command of run(reader, wanted)) if (command.kind === "handOver") order.push(command.block);
    run(reader, taken);
  }
  assertEquals(order, ["1/0", "2/0", "1/1", "2/1", "1/2"]);
});

Deno.test("the worker is told when half of the window is begun, and not before", () => {
  const reader = core({ maxBlocks: 4 });
  run(reader, listed(A), opened(1n), block(1n, 0), block(1n, 1), block(1n, 2));
  assertEquals(run(reader, wanted).map((c) => c.kind), ["handOver"]);
  run(reader, taken);
  assertEquals(run(reader, wanted), [
    { kind: "handOver", block: "1/1" },
    {
      kind: "acknowledge",
      task: 1n,
      address: "a:1",
      attempt: 0,
      position: { session: "s", next: 3, taken: 1, limit: 6 },
    },
  ]);
});

Deno.test("one acknowledgement of a task is on its way at a time; the next carries the newest numbers", () => {
  const reader = core({ maxBlocks: 1 });
  run(reader, listed(A), opened(1n), block(1n, 0), wanted);
  assertEquals(run(reader, taken, block(1n, 1), wanted).map((c) => c.kind), ["handOver"]);
  assertEquals(run(reader, acknowledged(1n)), [{
    kind: "acknowledge",
    task: 1n,
    address: "a:1",
    attempt: 0,
    position: { session: "s", next: 2, taken: 1, limit: 3 },
  }]);
});

Deno.test("a heartbeat takes along what was taken", () => {
  const reader = core();
  run(reader, listed(A), opened(1n), block(1n, 0), wanted, taken);
  const [command] = run(reader, sent);
  assertEquals(command.kind === "acknowledge" && command.position.taken, 1);
  assertEquals(run(reader, acknowledged(1n), sent), []);
});

Deno.test("a heartbeat takes along how much of the block in hand was used, once, until it is taken", () => {
  const reader = core();
  run(reader, listed(A, B), opened(1n), opened(2n, { session: "t" }), block(1n, 0), block(1n, 1), wanted);
  const told = (within: number) =>
    run(reader, { kind: "heartbeatSent", within }).flatMap((command) =>
      command.kind === "acknowledge"
        ? [[command.task, command.position.taken, command.position.takenWithin]]
        : []
    );
  assertEquals(told(0), []);
  assertEquals(told(7), [[1n, 0, 7]]);
  assertEquals(told(9), [], "one at a time");
  run(reader, acknowledged(1n));
  assertEquals(told(7), [], "the worker knows");
  assertEquals(told(9), [[1n, 0, 9]]);
  const [again] = run(reader, { kind: "acknowledgeFailed", task: 1n, session: "s", gone: false });
  assertEquals(again.kind === "acknowledge" && again.position.takenWithin, 9, "it may not have heard");
  run(reader, acknowledged(1n), taken, wanted);
  assertEquals(told(2), [[1n, 1, 2]]);
});

Deno.test("how much of a former session's block was used is nothing that the new one is told", () => {
  const reader = core();
  run(
    reader,
    listed(A),
    opened(1n),
    block(1n, 0),
    wanted,
    broken(1n, 1),
    opened(1n, { stream: 2, session: "new" }),
  );
  assertEquals(run(reader, { kind: "heartbeatSent", within: 3 }), []);
});

Deno.test("the window grows to 16 small blocks once their size is known", () => {
  const reader = core({ maxBytes: 32_000 });
  run(reader, listed(A), opened(1n), block(1n, 0, { bytes: 10 }), block(1n, 1, { bytes: 10 }));
  assertEquals(run(reader, wanted).map((c) => c.kind), ["handOver"], "no haste over a short dataset");
  const command = run(reader, taken, wanted).find((c) => c.kind === "acknowledge");
  assertEquals(command?.position.limit, 18);
});

Deno.test("large blocks shrink the window to what fits into the bytes", () => {
  const reader = core({ maxBytes: 3000 });
  run(reader, listed(A), opened(1n));
  for (let i = 0; i < 3; i++) run(reader, block(1n, i, { bytes: 2000 }), wanted, taken);
  const limit = run(reader, sent).concat(run(reader, acknowledged(1n), sent))
    .map((c) => c.kind === "acknowledge" ? c.position.limit : -1).at(-1);
  assertEquals(limit, 5); // Three are begun, and two more fit, the second only in part.
});

Deno.test("a stream reads on only while there is room in blocks and bytes", () => {
  const reader = core({ maxBytes: 250 });
  const reads = (commands: ReaderCommand<string>[]) => commands.some((c) => c.kind === "read");
  run(reader, listed(A, B), opened(1n), opened(2n));
  assertEquals(reads(run(reader, ready(1n))), true);
  run(reader, block(1n, 0, { bytes: 300 }));
  assertEquals(reads(run(reader, ready(1n))), false, "the bytes are used up");
  assertEquals(reads(run(reader, ready(2n))), true, "an empty task may always get one block");
  run(reader, block(2n, 0, { bytes: 10 }));
  assertEquals(
    run(reader, wanted),
    [
      { kind: "handOver", block: "1/0" },
      {
        kind: "acknowledge",
        task: 1n,
        address: "a:1",
        attempt: 0,
        position: { session: "s", next: 1, taken: 0, limit: 4 },
      },
      { kind: "read", task: 1n, stream: 1 },
    ].filter((c) => c.kind !== "acknowledge") as ReaderCommand<string>[],
  );
});

Deno.test("one large block among small ones fills the buffer by its bytes", () => {
  const reader = core({ maxBytes: 1000 });
  run(reader, listed(A), opened(1n), block(1n, 0, { bytes: 10 }), wanted, taken);
  run(reader, block(1n, 1, { bytes: 2000 }));
  assertEquals(run(reader, ready(1n)), []);
  assertEquals(run(reader, wanted), [
    { kind: "handOver", block: "1/1" },
    { kind: "read", task: 1n, stream: 1 },
  ]);
});

Deno.test("a broken stream is opened again in its session, behind the last block, and a heartbeat is sent", () => {
  const reader = core({ maxBlocks: 4 });
  run(reader, listed(A), opened(1n), block(1n, 0), block(1n, 1), wanted, taken);
  assertEquals(run(reader, broken(1n, 1)), [
    {
      kind: "open",
      task: 1n,
      address: "a:1",
      stream: 2,
      attempt: 1,
      position: { session: "s", next: 2, taken: 1, limit: 5 },
    },
    { kind: "heartbeat" },
  ]);
  const second = run(reader, broken(1n, 2));
  assertEquals(second.map((c) => c.kind === "open" ? c.attempt : c.kind), [2]);
  run(reader, opened(1n, { stream: 3 }), block(1n, 2, { stream: 3 }));
  const third = run(reader, broken(1n, 3));
  assertEquals(third.map((c) => c.kind === "open" ? c.attempt : c.kind), [1, "heartbeat"]);
});

Deno.test("what comes from a former stream is ignored", () => {
  const reader = core();
  run(reader, listed(A), opened(1n), broken(1n, 1), opened(1n, { stream: 2 }));
  assertEquals(run(reader, block(1n, 0, { stream: 1 }), ended(1n, 1), broken(1n, 1), wanted), []);
  assertEquals(run(reader, block(1n, 0, { stream: 2 }))[0], { kind: "handOver", block: "1/0" });
});

Deno.test("a block that is sent again is handed over once", () => {
  const reader = core();
  run(reader, listed(A), opened(1n), block(1n, 0), broken(1n, 1), opened(1n, { stream: 2 }));
  assertEquals(run(reader, block(1n, 0, { stream: 2 }), wanted, taken, wanted), []);
});

Deno.test("a gap in the numbers is data loss, after the blocks before it", () => {
  const reader = core();
  const commands = run(reader, listed(A), opened(1n), block(1n, 0), block(1n, 2));
  assertEquals(commands, [{ kind: "close", task: 1n, stream: 1 }]);
  assertEquals(run(reader, wanted)[0], { kind: "handOver", block: "1/0" });
  const [command] = run(reader, taken, wanted);
  assertEquals(command.kind, "fail");
  const { error } = command as { error: unknown };
  assertInstanceOf(error, DataLossError);
  assertStringIncludes(error.message, "block 1 is missing, got block 2");
});

Deno.test("another session means a restarted worker: its numbers begin at 0, and waiting blocks stay", () => {
  const reader = core({ maxBlocks: 4 });
  run(reader, listed(A), opened(1n), block(1n, 0), block(1n, 1), wanted, taken, broken(1n, 1));
  run(reader, opened(1n, { stream: 2, session: "t" }), block(1n, 0, { stream: 2 }));
  assertEquals(run(reader, wanted)[0], { kind: "handOver", block: "1/1" });
  assertEquals(run(reader, taken, wanted)[0], { kind: "handOver", block: "1/0" });
  const [command] = run(reader, taken, sent);
  assertEquals(command.kind === "acknowledge" && command.position.session, "t");
  assertEquals(command.kind === "acknowledge" && command.position.taken, 1, "only the new session's blocks");
});

Deno.test("a restarted worker has the room that was left, and is told as soon as that is used up", () => {
  const reader = core({ maxBlocks: 1 });
  run(reader, listed(A), opened(1n));
  for (let i = 0; i < 5; i++) run(reader, block(1n, i), wanted, acknowledged(1n), taken);
  const [reopened] = run(reader, broken(1n, 1));
  assertEquals(reopened.kind === "open" && reopened.position, { session: "s", next: 5, taken: 5, limit: 6 });
  run(reader, opened(1n, { stream: 2, session: "t" }), block(1n, 0, { stream: 2 }));
  assertEquals(run(reader, wanted).map((c) => c.kind === "acknowledge" ? c.position.limit : c.kind), [
    "handOver",
    2,
  ]);
});

Deno.test("another run of a worker, or another address, is asked at once, for the same session", () => {
  const reader = core();
  run(reader, listed(A), opened(1n), block(1n, 0), broken(1n, 1));
  for (const [moved, stream] of [[{ ...A, workerUid: "run-2" }, 2], [{ ...A, address: "a:2" }, 3]] as const) {
    assertEquals(run(reader, listed(moved)), [
      { kind: "close", task: 1n, stream },
      {
        kind: "open",
        task: 1n,
        address: moved.address,
        stream: stream + 1,
        attempt: 0,
        position: { session: "s", next: 1, taken: 0, limit: 16 },
      },
    ]);
  }
});

/** Where the last command goes, and after how many attempts. */
const whereTo = (commands: ReaderCommand<string>[], kind: "open" | "acknowledge") => {
  const command = commands.find((command) => command.kind === kind);
  return command && "attempt" in command ? [command.address, command.attempt] : command;
};

Deno.test("a task is read at the first address that can be reached, the worker's last, then all again", () => {
  const reader = core();
  const elsewhere: ListedTask = { ...A, dataAddresses: ["http://near:1", "http://far:1"] };
  assertEquals(whereTo(run(reader, listed(elsewhere)), "open"), ["http://near:1", 0]);
  assertEquals(whereTo(run(reader, broken(1n, 1)), "open"), ["http://far:1", 0]);
  assertEquals(whereTo(run(reader, broken(1n, 2)), "open"), ["a:1", 0]);
  assertEquals(whereTo(run(reader, broken(1n, 3)), "open"), ["http://near:1", 1]);
});

Deno.test("after a connection that broke the preferred address comes first again, in the same session", () => {
  const reader = core();
  run(reader, listed({ ...A, dataAddresses: ["http://near:1", "http://far:1"] }), broken(1n, 1));
  const [reopened] = run(reader, opened(1n, { stream: 2 }), block(1n, 0, { stream: 2 }), broken(1n, 2));
  assertEquals(reopened.kind === "open" && [reopened.address, reopened.position.session], [
    "http://near:1",
    "s",
  ]);
});

Deno.test("acknowledgements go where the stream is, and elsewhere when they fail there", () => {
  const reader = core({ maxBlocks: 1 });
  run(reader, listed({ ...A, dataAddresses: ["http://near:1"] }), opened(1n), block(1n, 0));
  assertEquals(whereTo(run(reader, wanted), "acknowledge"), ["http://near:1", 0]);
  const failed = { kind: "acknowledgeFailed", task: 1n, session: "s", gone: false } as const;
  assertEquals(whereTo(run(reader, failed), "acknowledge"), ["a:1", 1]);
});

Deno.test("a task whose addresses become known moves there, in the same session", () => {
  const reader = core();
  run(reader, listed(A), opened(1n), block(1n, 0));
  const moved = { ...A, dataAddresses: ["http://near:1"] };
  const commands = run(reader, listed(moved));
  assertEquals(commands.map((command) => command.kind), ["close", "open"]);
  assertEquals(whereTo(commands, "open"), ["http://near:1", 0]);
  assertEquals(run(reader, listed(moved)), []);
});

Deno.test("an error of the pipeline reaches the program after the blocks before it", () => {
  const reader = core();
  const error = new InternalError("Cannot map element 7: no");
  run(reader, listed(A), opened(1n), block(1n, 0));
  run(reader, { kind: "streamFailed", task: 1n, stream: 1, retryable: false, error });
  assertEquals(run(reader, wanted), [{ kind: "handOver", block: "1/0" }]);
  assertEquals(run(reader, taken), []);
  assertEquals(run(reader, wanted), [{ kind: "fail", error }]);
  assertEquals(run(reader, wanted), [], "the reader is over");
});

Deno.test("an error among the blocks counts as taken when the reader is over, whatever its code", () => {
  const reader = core();
  const error = new UnavailableError("Cannot open the source");
  run(reader, listed(A), opened(1n), block(1n, 0));
  run(reader, { kind: "failure", task: 1n, stream: 1, sequence: 1, error }, broken(1n, 1));
  run(reader, opened(1n, { stream: 2 }), { kind: "failure", task: 1n, stream: 2, sequence: 1, error });
  run(reader, wanted);
  run(reader, taken);
  assertEquals(run(reader, wanted), [{ kind: "fail", error }]);
  assertEquals(reader.openSessions(0).map(({ position }) => [position.next, position.taken]), [[2, 2]]);
});

Deno.test("the end: the last block is acknowledged at once, then a heartbeat is asked for, then the reader is over", () => {
  const reader = core();
  run(reader, listed(A), opened(1n), block(1n, 0), wanted, ended(1n));
  assertEquals(run(reader, taken), [{
    kind: "acknowledge",
    task: 1n,
    address: "a:1",
    attempt: 0,
    position: { session: "s", next: 1, taken: 1, limit: 17 },
  }]);
  assertEquals(run(reader, acknowledged(1n)), [{ kind: "heartbeat" }]);
  assertEquals(run(reader, wanted), []);
  assertEquals(run(reader, sent), []);
  assertEquals(run(reader, listed(A)), [{ kind: "finish" }]);
});

Deno.test("a heartbeat sent before the last acknowledgement was answered does not end the reader", () => {
  const reader = core();
  run(reader, listed(A), opened(1n), block(1n, 0), wanted, ended(1n), taken, sent);
  assertEquals(run(reader, acknowledged(1n)), [{ kind: "heartbeat" }]);
  assertEquals(run(reader, listed(A)), []);
  assertEquals(run(reader, sent, listed(A)), [{ kind: "finish" }]);
});

Deno.test("a task that joins at the end is read before the reader ends", () => {
  const reader = core();
  run(reader, listed(A), opened(1n), ended(1n), wanted, sent);
  assertEquals(run(reader, listed(A, B)).map((c) => c.kind), ["open"]);
  assertEquals(run(reader, opened(2n), sent, listed(A, B)), []);
  assertEquals(run(reader, ended(2n)), [{ kind: "heartbeat" }]);
  assertEquals(run(reader, sent, listed(A, B)), [{ kind: "finish" }]);
});

Deno.test("without any task the reader waits, unless the iteration is finished", () => {
  const reader = core();
  assertEquals(run(reader, listed(), wanted, sent, listed(), sent, listed()), []);
  assertEquals(run(reader, sent, iterationOver()), [{ kind: "finish" }]);
});

Deno.test("a finished iteration ends a late reader without a stream", () => {
  assertEquals(run(core(), iterationOver({ ...A, finished: true })), [{ kind: "finish" }]);
});

Deno.test("a finished task of an unfinished iteration is read once: it has the empty stream", () => {
  const reader = core();
  assertEquals(run(reader, listed({ ...A, finished: true })).map((c) => c.kind), ["open"]);
  assertEquals(run(reader, opened(1n), ended(1n)), [{ kind: "heartbeat" }]);
  assertEquals(run(reader, sent, listed({ ...A, finished: true })), [{ kind: "finish" }]);
});

Deno.test("a lost worker's task is given up when it is listed as finished; its waiting blocks are handed over", () => {
  const reader = core();
  run(reader, listed(A), opened(1n), block(1n, 0), block(1n, 1), broken(1n, 1), wanted);
  assertEquals(run(reader, iterationOver({ ...A, finished: true })), [
    { kind: "close", task: 1n, stream: 2 },
  ]);
  assertEquals(run(reader, taken, wanted), [{ kind: "handOver", block: "1/1" }]);
  assertEquals(run(reader, taken), [{ kind: "finish" }]);
});

Deno.test("a stream that hangs is closed when its task has been listed as finished twice", () => {
  const reader = core();
  run(reader, listed(A, B), opened(1n), opened(2n));
  assertEquals(run(reader, listed({ ...A, finished: true }, B)), []);
  assertEquals(run(reader, listed({ ...A, finished: true }, B)), [{ kind: "close", task: 1n, stream: 1 }]);
  assertEquals(run(reader, block(2n, 0), wanted), [{ kind: "handOver", block: "2/0" }]);
});

Deno.test("while a task could not be read to its end, only a finished iteration ends the reader", () => {
  const reader = core();
  run(reader, listed(A, B), opened(1n), opened(2n), broken(1n, 1), wanted);
  run(reader, listed({ ...A, finished: true }, B), ended(2n));
  assertEquals(run(reader, sent, listed({ ...A, finished: true }, B)), []);
  assertEquals(run(reader, sent, listed({ ...A, finished: true }, B)), []);
  assertEquals(run(reader, sent, iterationOver({ ...A, finished: true }, { ...B, finished: true })), [
    { kind: "finish" },
  ]);
});

Deno.test("a task that is no longer listed is given up, and read on if it comes back", () => {
  const reader = core();
  run(reader, listed(A, B), opened(1n), opened(2n), block(1n, 0));
  assertEquals(run(reader, listed(B)), [{ kind: "close", task: 1n, stream: 1 }]);
  assertEquals(run(reader, wanted), [{ kind: "handOver", block: "1/0" }]);
  const [command] = run(reader, taken, listed(A, B));
  assertEquals(command.kind === "open" && [command.stream, command.position.next, command.position.session], [
    2,
    1,
    "s",
  ]);
});

Deno.test("an acknowledgement that fails is tried again, and one for a lost session counts as answered", () => {
  const reader = core();
  run(reader, listed(A), opened(1n), block(1n, 0), wanted, ended(1n), taken);
  const failed = { kind: "acknowledgeFailed", task: 1n, session: "s", gone: false } as const;
  for (const attempt of [1, 2]) {
    assertEquals(run(reader, failed), [{
      kind: "acknowledge",
      task: 1n,
      address: "a:1",
      attempt,
      position: { session: "s", next: 1, taken: 1, limit: 17 },
    }]);
  }
  assertEquals(run(reader, { ...failed, gone: true }), [{ kind: "heartbeat" }]);
});

Deno.test("the last acknowledgement to a lost worker is dropped when its task is listed as finished", () => {
  const reader = core();
  run(reader, listed(A), opened(1n), block(1n, 0), wanted, ended(1n), taken);
  assertEquals(run(reader, listed({ ...A, finished: true })), [{ kind: "heartbeat" }]);
  assertEquals(run(reader, sent, listed({ ...A, finished: true })), [{ kind: "finish" }]);
});

Deno.test("the reader needs the dispatcher when nothing waits and no stream runs", () => {
  const reader = core();
  assertEquals(reader.needsDispatcher, false, "nobody has asked for an element");
  run(reader, listed(), wanted);
  assertEquals(reader.needsDispatcher, true, "there is no task");
  run(reader, listed(A));
  assertEquals(reader.needsDispatcher, false, "a stream is being opened");
  run(reader, broken(1n, 1));
  assertEquals(reader.needsDispatcher, true, "the worker is not there");
  run(reader, opened(1n, { stream: 2 }));
  assertEquals(reader.needsDispatcher, false, "the stream runs");
  run(reader, ended(1n, 2));
  assertEquals(reader.needsDispatcher, true, "the end is to be agreed");
});

Deno.test("the sessions to be released are those that are not done", () => {
  const reader = core();
  run(reader, listed(A, B), opened(1n), opened(2n, { session: "t" }), ended(2n), block(1n, 0), wanted, taken);
  assertEquals(reader.openSessions(0), [
    { task: 1n, address: "a:1", position: { session: "s", next: 1, taken: 1, limit: 4 } },
  ]);
});

Deno.test("once others wait for it, a worker is told at once that everything is taken", () => {
  const reader = core();
  run(reader, listed(A), opened(1n), block(1n, 0), wanted, ready(1n));
  const acknowledgements = (...events: ReaderEvent<string>[]) =>
    run(reader, ...events).flatMap((c) => c.kind === "acknowledge" ? [c.position.taken] : []);
  assertEquals(acknowledgements(draining(1n)), [], "a block is in hand");
  assertEquals(acknowledgements(taken), [1]);
  assertEquals(acknowledgements(acknowledged(1n), wanted, block(1n, 1)), [], "something came back");
  assertEquals(acknowledgements(taken), [2]);
});

Deno.test("a reader that leaves says how much of the block in hand was used", () => {
  const reader = core();
  run(reader, listed(A, B), opened(1n), opened(2n), block(1n, 0), block(2n, 0), wanted);
  const within = (elements: number) => reader.openSessions(elements).map((open) => open.position.takenWithin);
  assertEquals(within(7), [7, undefined]);
  run(reader, taken);
  assertEquals(within(0), [undefined, undefined]);
});

Deno.test("what is left of a task that is given up comes before anything of the others", () => {
  const reader = core();
  run(reader, listed(A), opened(1n), block(1n, 0), block(1n, 1), block(1n, 2), wanted, taken);
  run(reader, listed(B), opened(2n), block(2n, 0));
  const order = [];
  for (let i = 0; i < 3; i++) {
    for (const command of run(reader, wanted)) if (command.kind === "handOver") order.push(command.block);
    run(reader, taken);
  }
  assertEquals(order, ["1/1", "1/2", "2/0"]);
});
