import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InvalidArgumentError, isPromise, NotFoundError, UnavailableError } from "../../src/base/mod.ts";
import type { ByteSource } from "../../src/sources/mod.ts";
import { END, memoryFileSystem, readRecords } from "../../src/sources/mod.ts";
import { readAll, utf8 } from "./helpers.ts";

/** A source whose chunks the test gives, and that says what happened to it. */
class HandSource implements ByteSource {
  readonly name = "hand.txt";
  opened = 0;
  cancelled = 0;
  signal: AbortSignal | undefined;
  controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

  size(): Promise<null> {
    return Promise.resolve(null);
  }

  open({ signal }: { signal?: AbortSignal } = {}): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    this.opened++;
    this.signal = signal;
    return Promise.resolve(
      new ReadableStream({
        start: (controller) => void (this.controller = controller),
        cancel: () => void this.cancelled++,
      }),
    );
  }
}

Deno.test("records that are buffered come at once, others as a promise", async () => {
  const source = new HandSource();
  const reader = readRecords(source, "textLines", {});
  assertEquals(source.opened, 0, "nothing is opened before the first pull");
  const first = reader.next();
  assert(isPromise(first));
  await Promise.resolve();
  source.controller.enqueue(utf8("a\nb\nc"));
  assertEquals(await first, "a");
  assertEquals(reader.next(), "b");
  const third = reader.next();
  assert(isPromise(third));
  source.controller.enqueue(utf8("d\n"));
  assertEquals(await third, "cd");
  source.controller.close();
  assertEquals(await reader.next(), END);
  assertEquals(reader.next(), END);
  assertEquals(source.opened, 1);
});

Deno.test("closing cancels the source, once, and no record comes after it", async () => {
  const source = new HandSource();
  const reader = readRecords(source, "textLines", {});
  const first = reader.next();
  await Promise.resolve();
  source.controller.enqueue(utf8("a\nb\n"));
  await first;
  await reader.close();
  await reader.close();
  assertEquals([source.cancelled, source.signal?.aborted], [1, true]);
  assertEquals(reader.next(), END);
});

Deno.test("closing before the first pull opens nothing", async () => {
  const source = new HandSource();
  const reader = readRecords(source, "textLines", {});
  await reader.close();
  assertEquals(await reader.next(), END);
  assertEquals(source.opened, 0);
});

Deno.test("a pull that waits ends when the reader is closed", async () => {
  const source = new HandSource();
  const reader = readRecords(source, "textLines", {});
  const waiting = reader.next();
  await Promise.resolve();
  await reader.close();
  assertEquals(await waiting, END);
  // Closed while the source is being opened: what was opened is released.
  const slow = new HandSource();
  let finish = () => {};
  const opening = new Promise<void>((resolve) => finish = resolve);
  const late = readRecords(
    { name: "late", size: () => slow.size(), open: (options) => opening.then(() => slow.open(options)) },
    "textLines",
    {},
  );
  const pull = late.next();
  await late.close();
  finish();
  assertEquals(await pull, END);
  assertEquals(slow.cancelled, 1);
});

Deno.test("aborting rejects with the signal's reason, before and while waiting", async () => {
  const reason = new Error("enough");
  const source = new HandSource();
  const controller = new AbortController();
  const reader = readRecords(source, "textLines", {}, controller.signal);
  const waiting = reader.next() as Promise<unknown>;
  await Promise.resolve();
  controller.abort(reason);
  assertEquals(await assertRejects(() => waiting), reason);
  assertEquals(source.cancelled, 1);
  const late = readRecords(source, "textLines", {}, controller.signal);
  assertEquals(await assertRejects(() => Promise.resolve(late.next())), reason);
  assertEquals(source.opened, 1);
});

Deno.test("an error of the source ends the reader after the records before it", async () => {
  const source = new HandSource();
  const reader = readRecords(source, "textLines", {});
  const first = reader.next();
  await Promise.resolve();
  source.controller.enqueue(utf8("a\nb"));
  assertEquals(await first, "a");
  const failure = new UnavailableError("gone");
  source.controller.error(failure);
  assertEquals(await assertRejects(() => Promise.resolve(reader.next())), failure);
  assertEquals(reader.next(), END);
});

Deno.test("a missing file rejects with its name at the first pull", async () => {
  for (const format of ["textLines", "jsonl", "csv", "tfrecord"] as const) {
    const reader = readRecords(memoryFileSystem({}).source("missing"), format, {});
    const error = await assertRejects(() => Promise.resolve(reader.next()), NotFoundError);
    assertEquals(error.message, 'Cannot open "missing": there is no such file');
    assertEquals(reader.next(), END);
  }
});

Deno.test("bad options are refused before anything is opened", () => {
  const source = new HandSource();
  assertThrows(() => readRecords(source, "jsonl", { header: true }), InvalidArgumentError);
  assertThrows(() => readRecords(source, "csv", { delimiter: "" }), InvalidArgumentError);
  assertThrows(() => readRecords(source, "xml" as "csv", {}), InvalidArgumentError);
  assertEquals(source.opened, 0);
});

Deno.test("an empty file has no records in any format", async () => {
  for (const format of ["textLines", "jsonl", "csv", "tfrecord"] as const) {
    const source = memoryFileSystem({ "a": "" }).source("a");
    assertEquals(await readAll(readRecords(source, format, {})), { records: [], errors: [] });
  }
});

Deno.test("a reader goes on behind a damaged record", async () => {
  const source = memoryFileSystem({ "a.jsonl": "1\n}\n3\n" }).source("a.jsonl");
  const { records, errors } = await readAll(readRecords(source, "jsonl", {}));
  assertEquals([records, errors.length], [[1, 3], 1]);
});
