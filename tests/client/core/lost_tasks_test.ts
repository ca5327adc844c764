import { assertEquals } from "@std/assert";
import type { ListedTask, ReaderCommand, ReaderEvent } from "../../../src/client/core/events.ts";
import { ReaderCore } from "../../../src/client/core/reader_core.ts";
import { indexes } from "./provenance_of.ts";

const A: ListedTask = { id: 1n, address: "a:1", workerUid: "run-1", finished: false };
const B: ListedTask = { id: 2n, address: "b:1", workerUid: "run-1", finished: false };

const opened = (task: bigint) => ({ kind: "sessionOpened", task, stream: 1, session: "s" }) as const;
const ended = (task: bigint) => ({ kind: "ended", task, stream: 1 }) as const;
const wanted = { kind: "wanted" } as const;
const taken = { kind: "taken" } as const;
const sent = { kind: "heartbeatSent" } as const;

/** Block number `sequence` of a task: ten elements, of indexes that begin at `task * 1000 + sequence * 10`. */
const block = (task: bigint, sequence: number) => ({
  kind: "block" as const,
  task,
  stream: 1,
  sequence,
  bytes: 100,
  block: `${task}/${sequence}`,
  provenance: indexes(Number(task) * 1000 + sequence * 10, 10),
  count: 10,
});

interface Listing {
  tasks?: ListedTask[];
  lost?: bigint[];
  isRecovering?: boolean;
  within?: number;
  iterationFinished?: boolean;
}

const listed = (
  { tasks = [A, B], lost = [], isRecovering = false, within = 0, iterationFinished = false }: Listing = {},
) =>
  ({
    kind: "listed",
    tasks,
    iterationFinished,
    lostTasks: lost,
    isRecovering,
    isDivided: true,
    within,
  }) as const;

function readerOf(...events: ReaderEvent<string>[]): ReaderCore<string> {
  const reader = new ReaderCore<string>({ maxBlocks: null, maxBytes: 1_000_000 });
  run(reader, listed(), opened(1n), opened(2n), ...events);
  return reader;
}

function run(reader: ReaderCore<string>, ...events: ReaderEvent<string>[]): ReaderCommand<string>[] {
  let commands: ReaderCommand<string>[] = [];
  for (const event of events) commands = reader.step(event);
  return commands;
}

const kinds = (commands: ReaderCommand<string>[]) => commands.map(({ kind }) => kind);

function reportOf(reader: ReaderCore<string>, within = 0) {
  const { consumed, left } = reader.report(within);
  return {
    consumed: consumed.map(({ task, consumed }) => [
      task,
      consumed.sources()[0].ranges.map(({ start, end }) => [start, end]),
    ]),
    left,
  };
}

Deno.test("a heartbeat says what was taken, of the block in hand too", () => {
  const reader = readerOf(block(1n, 0), block(1n, 1), wanted, taken, wanted);
  assertEquals(reportOf(reader, 3), { consumed: [[1n, [[1000, 1013]]]], left: [] });
});

Deno.test("the rest of a lost task's blocks is dropped, that in hand included, and the dispatcher hears at once what was taken", () => {
  const reader = readerOf(block(1n, 0), block(1n, 1), block(2n, 0), wanted);
  assertEquals(kinds(run(reader, listed({ tasks: [B], lost: [1n], within: 4, isRecovering: true }))), [
    "heartbeat",
    "close",
    "discard",
  ]);
  assertEquals(reportOf(reader), { consumed: [[1n, [[1000, 1004]]]], left: [1n] });
  assertEquals(reader.position(0), 4);
  assertEquals(kinds(run(reader, wanted)), ["handOver"]);
  assertEquals(reportOf(reader, 0).consumed, [[1n, [[1000, 1004]]]]);
});

Deno.test("a lost task that this reader has never heard of is confirmed, once", () => {
  const reader = readerOf();
  assertEquals(kinds(run(reader, listed({ lost: [9n] }))), ["heartbeat"]);
  assertEquals(kinds(run(reader, sent)), []);
  assertEquals(reportOf(reader), { consumed: [], left: [9n] });
  assertEquals(
    kinds(run(reader, listed({ lost: [9n] }))),
    ["heartbeat"],
    "the answer may have crossed the report",
  );
  reportOf(reader);
  assertEquals(kinds(run(reader, listed())), []);
  assertEquals(reportOf(reader).left, []);
});

Deno.test("nobody is at the end while elements of a lost task are to be given out again", () => {
  const reader = readerOf(ended(2n));
  run(reader, sent, listed({ tasks: [B], lost: [1n], isRecovering: true }));
  run(reader, wanted, sent);
  assertEquals(kinds(run(reader, listed({ tasks: [B], isRecovering: true }))), []);
  run(reader, sent);
  const C = { ...A, id: 3n };
  assertEquals(kinds(run(reader, listed({ tasks: [B, C] }))), ["open"]);
  assertEquals(kinds(run(reader, { ...opened(3n) }, block(3n, 0))), ["handOver"]);
  run(reader, taken, { ...ended(3n) }, { kind: "acknowledged", task: 3n, session: "s" });
  run(reader, wanted, sent);
  assertEquals(kinds(run(reader, listed({ tasks: [B, C], iterationFinished: true }))), ["finish"]);
});

Deno.test("a task that went keeps nobody from the end, although another reader holds up the pass", () => {
  const leftByAll = { tasks: [B], lost: [1n], isRecovering: true };
  const finished = { tasks: [{ ...A, finished: true }, B] };
  const cut = {
    kind: "streamFailed",
    task: 1n,
    stream: 1,
    retryable: true,
    error: new Error("cut"),
  } as const;
  const cases: { before: ReaderEvent<string>[]; last: ReturnType<typeof listed> }[] = [
    { before: [listed(leftByAll)], last: listed({ tasks: [B] }) },
    { before: [], last: listed({ tasks: [B] }) }, // It had leased nothing yet.
    { before: [listed(finished), cut], last: listed(finished) }, // The end of its stream did not come.
  ];
  for (const { before, last } of cases) {
    const reader = readerOf(ended(2n), wanted, ...before);
    const waiting = { ...last, isRecovering: true };
    run(reader, sent, waiting);
    assertEquals(kinds(run(reader, sent, waiting)), []);
    assertEquals(kinds(run(reader, sent, last)), ["finish"]);
    const undivided = readerOf(ended(2n), wanted, ...before);
    run(undivided, sent, { ...last, isDivided: false });
    assertEquals(kinds(run(undivided, sent, { ...last, isDivided: false })), []);
  }
});

Deno.test("the consumed set holds whole blocks and the part of the block in hand", () => {
  const reader = readerOf(block(1n, 0), block(2n, 0), wanted, taken, wanted);
  const ranges = reader.consumed(5)!.sources()[0].ranges;
  assertEquals(ranges, [{ start: 1000, end: 1010 }, { start: 2000, end: 2005 }]);
});

Deno.test("of a block whose first elements another reader took only the rest counts", () => {
  const reader = readerOf({ ...block(1n, 0), skip: 6, count: 4 }, wanted, taken);
  assertEquals(reportOf(reader).consumed, [[1n, [[1006, 1010]]]]);
  assertEquals(reader.position(0), 4);
});

Deno.test("a task that gives nothing from one heartbeat to the next starves the reader", () => {
  const reader = readerOf(block(1n, 0));
  assertEquals(reader.report(0).starved, []);
  assertEquals(reader.report(0).starved, [2n]);
  run(reader, block(2n, 0));
  assertEquals(reader.report(0).starved, []);
});
