import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CanceledError,
  FailedPreconditionError,
  FakeClock,
  InvalidArgumentError,
  SeededRandom,
  silentLog,
  SluiceError,
} from "../../../src/base/mod.ts";
import { type Element, portableCodecs } from "../../../src/element/mod.ts";
import { DONE, type ElementIterator } from "../../../src/executor/mod.ts";
import {
  type FirstComeFirstServedOptions,
  FirstComeFirstServedRunner,
} from "../../../src/worker/runners/first_come_first_served.ts";
import { END_PATIENCE_MS } from "../../../src/worker/runners/element_stream.ts";
import type { StreamRequest } from "../../../src/worker/runners/task_runner.ts";
import { fromItems, ManualIterator, numbers, ScriptedIterator } from "../support/iterators.ts";
import { StreamReader } from "../support/reader.ts";

class Harness {
  readonly clock = new FakeClock();
  readonly runner: FirstComeFirstServedRunner;
  completed = false;

  constructor(iterator: ElementIterator<Element>, options: Partial<FirstComeFirstServedOptions> = {}) {
    this.runner = new FirstComeFirstServedRunner({
      open: () => iterator,
      clock: this.clock,
      random: new SeededRandom(1),
      log: silentLog,
      codecs: portableCodecs,
      ...options,
    });
    this.runner.completed.then(() => this.completed = true);
  }

  read(clientId: number, request: Partial<StreamRequest> = {}, signal?: AbortSignal): StreamReader {
    const stream = this.runner.openStream({
      clientId: BigInt(clientId),
      sessionId: "",
      next: 0,
      taken: 0,
      limit: 0,
      accepted: [],
      compression: "AUTO",
      loopback: true,
      ...request,
    }, signal ?? new AbortController().signal);
    return new StreamReader(stream, request.next);
  }

  acknowledge(
    clientId: number,
    { sessionId }: StreamReader,
    taken: number,
    limit: number,
    release = false,
  ): string {
    return this.runner.acknowledge({ clientId: BigInt(clientId), sessionId, taken, limit, release });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.runner.stop(new CanceledError("The test is over"));
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

Deno.test("one reader gets all elements in order, and later readers get the end", async () => {
  await using harness = new Harness(numbers(10_000), { targetBytes: 4_096 });
  const reader = harness.read(1);
  assertEquals(await reader.toEnd(), upTo(10_000));
  assertEquals([reader.ended, harness.completed], [true, true]);
  const late = harness.read(2);
  assertEquals([await late.toEnd(), late.ended], [[], true]);
});

Deno.test("ten readers share the elements, each comes once", async () => {
  await using harness = new Harness(numbers(1_000), { targetBytes: 64 });
  const readers = upTo(10).map((clientId) => harness.read(clientId));
  const parts = await Promise.all(readers.map((reader) => reader.toEnd()));
  assertEquals((parts.flat() as number[]).sort((a, b) => a - b), upTo(1_000));
  assert(parts.every((part) => part.length > 0), "each reader had its turn");
  assertEquals(harness.completed, true);
});

Deno.test("errors are given in order until they are taken, and reading goes on behind them", async () => {
  const script = [
    () => "First",
    () => {
      throw new InvalidArgumentError("bad");
    },
    () => "Second",
    () => {
      throw new SluiceError("gone", { code: "aborted" });
    },
    () => DONE,
  ];
  await using harness = new Harness(new ScriptedIterator((pull) => script[pull]() as Element | typeof DONE));
  const first = harness.read(1, { limit: 16 });
  await assertRejects(() => first.toEnd(), InvalidArgumentError, "bad");
  const { sessionId } = first;
  const again = harness.read(1, { sessionId, next: 1, taken: 1, limit: 16 });
  await assertRejects(() => again.toEnd(), InvalidArgumentError, "bad");
  const second = harness.read(1, { sessionId, next: 2, taken: 2, limit: 16 });
  await assertRejects(() => second.toEnd(), SluiceError, "gone");
  const third = harness.read(1, { sessionId, next: 4, taken: 4, limit: 16 });
  assertEquals([await third.toEnd(), third.ended], [[], true]);
  assertEquals([first.elements, second.elements], [["First"], ["Second"]]);
});

Deno.test("stopping ends the streams that wait and those that come", async () => {
  const iterator = new ManualIterator();
  const harness = new Harness(iterator);
  const reader = harness.read(1);
  const reading = reader.toEnd();
  await harness.clock.advance(0);
  await harness.runner.stop(new CanceledError("Worker is shutting down"));
  await assertRejects(() => reading, CanceledError, "shutting down");
  assertThrows(() => harness.read(2), CanceledError);
  assertEquals([iterator.closed, harness.completed, harness.clock.pending], [1, false, 0]);
});

Deno.test("a reader gets no more than its limit before it acknowledges", async () => {
  const iterator = numbers(1_000);
  await using harness = new Harness(iterator, { targetBytes: 80 });
  const reader = harness.read(1, { limit: 3 });
  assertEquals([await reader.block(), await reader.block(), await reader.block()], [true, true, true]);
  const fourth = reader.block();
  await harness.clock.advance(60_000);
  assertEquals([reader.elements, iterator.pulls], [upTo(30), 40], "one block is prepared");
  assertEquals(harness.acknowledge(1, reader, 1, 4), "noted");
  assertEquals(await fourth, true);
  assertEquals(reader.elements, upTo(40));
  await reader.close();
});

Deno.test("blocks that a broken connection lost are sent again", async () => {
  await using harness = new Harness(numbers(50), { targetBytes: 80 });
  const reader = harness.read(1, { limit: 16 });
  await reader.block();
  await reader.block();
  await reader.close();
  const { sessionId } = reader;
  const again = harness.read(1, { sessionId, next: 1, limit: 16 });
  assertEquals([await again.toEnd(), again.sessionId, again.ended], [upTo(50).slice(10), sessionId, true]);
  assertEquals(harness.completed, false);
  harness.acknowledge(1, again, 5, 21);
  await harness.clock.advance(0);
  assertEquals(harness.completed, true);
});

Deno.test("what a reader has not taken goes to another one when it leaves", async () => {
  await using harness = new Harness(numbers(40), { targetBytes: 80 });
  const first = harness.read(1, { limit: 3 });
  await first.block();
  const second = harness.read(2, { limit: 16 });
  await second.block();
  harness.acknowledge(1, first, 1, 4, true);
  await assertRejects(() => first.toEnd(), CanceledError, "released");
  await second.toEnd();
  assertEquals((second.elements as number[]).sort((a, b) => a - b), upTo(40).slice(10));
});

Deno.test("a reader that stays away for long loses its blocks to the others", async () => {
  await using harness = new Harness(numbers(1_000), { targetBytes: 80, sessionTimeoutMs: 1_000 });
  const first = harness.read(1, { limit: 1 });
  await first.block();
  await first.close();
  const second = harness.read(2, { limit: 1 });
  await second.block();
  await harness.clock.advance(999);
  harness.acknowledge(2, second, 1, 2);
  await second.block();
  await harness.clock.advance(1);
  harness.acknowledge(2, second, 2, 4);
  await second.block();
  await second.block();
  const blocks = [upTo(20).slice(10), upTo(30).slice(20), upTo(10), upTo(40).slice(30)];
  assertEquals(second.blocks, blocks, "what was given back comes before what was prepared");
  await second.close();
});

Deno.test("a reader that disconnects while it waits frees its stream at once, and can come back", async () => {
  const iterator = new ManualIterator();
  await using harness = new Harness(iterator);
  const abort = new AbortController();
  const reader = harness.read(1, { limit: 16 }, abort.signal);
  await reader.step();
  const waiting = reader.step();
  await harness.clock.advance(0);
  abort.abort(new Error("disconnected"));
  await assertRejects(() => waiting, Error, "disconnected");
  iterator.give("late");
  await harness.clock.advance(10);
  const again = harness.read(1, { sessionId: reader.sessionId, limit: 16 });
  await again.block();
  assertEquals(again.elements, ["late"]);
  await again.close();
});

Deno.test("ending the iteration of a stream does not wait for a block", async () => {
  const iterator = new ManualIterator();
  await using harness = new Harness(iterator);
  const reader = harness.read(1);
  await reader.step();
  const waiting = reader.step();
  await harness.clock.advance(0);
  await reader.close();
  assertEquals(await waiting, false);
});

Deno.test("a reader that comes when the linger time is over gets at once what is there", async () => {
  const iterator = new ManualIterator();
  await using harness = new Harness(iterator);
  const reader = harness.read(1, { limit: 16 });
  const first = reader.block();
  await harness.clock.advance(0);
  iterator.give("a");
  await harness.clock.advance(2);
  await first;
  iterator.give("b");
  await harness.clock.advance(100);
  const second = reader.block();
  await harness.clock.advance(0);
  assertEquals(reader.blocks, [["a"], ["b"]]);
  await second;
  await reader.close();
});

Deno.test("a reader learns its session before the first block has come", async () => {
  const iterator = new ManualIterator();
  await using harness = new Harness(iterator);
  const reader = harness.read(1, { limit: 16 });
  await reader.step();
  assertEquals([reader.sessionId.length, reader.blocks.length], [32, 0]);
  await reader.close();
});

Deno.test("a stream says its spec with the first block, and again only when it changes", async () => {
  await using harness = new Harness(fromItems([1, 2, 3, 4, 5, 6, "a", "b"]), { targetBytes: 16 });
  const specs: (number | null)[] = [];
  const stream = harness.runner.openStream({
    clientId: 1n,
    sessionId: "",
    next: 0,
    taken: 0,
    limit: 0,
    accepted: [],
    compression: "AUTO",
    loopback: true,
  }, new AbortController().signal);
  for await (const batch of stream) {
    if (batch.count > 0) specs.push(batch.spec && batch.spec.byteLength);
  }
  assertEquals(specs.slice(0, 3).map((bytes) => bytes !== null), [true, false, false]);
  // Another reader gets the spec, too, although the block is not the pipeline's first.
  await using other = new Harness(numbers(40), { targetBytes: 80 });
  const first = other.read(1, { limit: 2 });
  const second = other.read(2, { limit: 2 });
  await first.block();
  await second.block();
  assertEquals([first.elements, second.elements], [upTo(10), upTo(20).slice(10)]);
  await first.close();
  await second.close();
});

Deno.test("blocks are compressed when the reader wishes it and both sides can", async () => {
  const compressions = async (request: Partial<StreamRequest>) => {
    await using harness = new Harness(numbers(10_000), { targetBytes: 40_000 });
    const stream = harness.runner.openStream({
      clientId: 1n,
      sessionId: "",
      next: 0,
      taken: 0,
      limit: 0,
      accepted: ["SNAPPY", "ZSTD"],
      compression: "AUTO",
      loopback: false,
      ...request,
    }, new AbortController().signal);
    const seen: string[] = [];
    for await (const batch of stream) {
      if (batch.count === 0) continue;
      const size = batch.payload.reduce((sum, piece) => sum + piece.byteLength, 0);
      assertEquals(size < batch.uncompressedSize, batch.compression !== "NONE");
      seen.push(batch.compression);
    }
    return seen;
  };
  assertEquals(await compressions({ compression: "SNAPPY" }), ["SNAPPY", "SNAPPY"]);
  assertEquals(await compressions({ compression: "SNAPPY", accepted: [] }), ["NONE", "NONE"]);
  assertEquals(
    await compressions({ compression: "ZSTD" }),
    ["NONE", "NONE"],
    "this worker cannot compress it",
  );
  assertEquals(await compressions({ compression: "NONE" }), ["NONE", "NONE"]);
  assertEquals(await compressions({}), ["NONE", "NONE"]);
});

Deno.test("a request with numbers of another session is refused", async () => {
  await using harness = new Harness(numbers(10));
  assertThrows(() => harness.read(1, { next: 3 }), FailedPreconditionError);
});

Deno.test("a reader that has everything waits for what another one gives back, of a begun block the rest", async () => {
  await using harness = new Harness(numbers(20), { targetBytes: 80 });
  const first = harness.read(1, { limit: 1 });
  await first.block();
  const second = harness.read(2, { limit: 16 });
  await second.block();
  const rest = second.toEnd();
  await harness.clock.advance(END_PATIENCE_MS - 1);
  assertEquals(second.ended, false);
  harness.runner.acknowledge({
    clientId: 1n,
    sessionId: first.sessionId,
    taken: 0,
    takenWithin: 4,
    limit: 16,
    release: true,
  });
  await rest;
  assertEquals([second.blocks, second.ended], [[upTo(20).slice(10), upTo(10).slice(4)], true]);
  await first.close();
});

Deno.test("a reader that has everything is kept waiting for others so long, and no longer", async () => {
  await using harness = new Harness(numbers(20), { targetBytes: 80 });
  const first = harness.read(1, { limit: 1 });
  await first.block();
  const second = harness.read(2, { limit: 16 });
  await second.block();
  const rest = second.toEnd();
  await harness.clock.advance(END_PATIENCE_MS);
  await rest;
  assertEquals([second.ended, second.draining, harness.completed], [true, true, false]);
  harness.acknowledge(2, second, 1, 17);
  assertEquals([await first.toEnd(), first.draining], [upTo(10), false], "nobody else holds anything");
  harness.acknowledge(1, first, 1, 17);
  await harness.runner.completed;
});
