import { assertEquals, assertRejects } from "@std/assert";
import {
  AlreadyExistsError,
  errorFromCode,
  FakeClock,
  InternalError,
  InvalidArgumentError,
  silentLog,
  UnavailableError,
} from "../../../src/base/mod.ts";
import { Snapshots } from "../../../src/tensorflow/snapshots/snapshots.ts";
import { MemoryDurableFiles } from "../../support/memory_durable_files.ts";
import { describe, newDisk, SnapshotWorker, splitsOnDisk, startSnapshots } from "./support.ts";

const PATH = "/data/s";
const signal = () => new AbortController().signal;
const streams = (tasks: { path: string; stream: number }[]) =>
  tasks.map(({ path, stream }) => [path, stream]);

/** A step of the disk from now on that fails. */
function failNext(disk: MemoryDurableFiles, after = 0): void {
  disk.fault = { step: disk.operations + after, dies: false, happens: false };
}

Deno.test("several workers write a snapshot, each split once", async () => {
  const disk = newDisk();
  const snapshots = await startSnapshots(disk);
  await snapshots.begin(PATH, describe(100, 40));
  const workers = [1, 2, 3].map((number) => new SnapshotWorker(disk, `w${number}`));
  while (!disk.paths().includes(`${PATH}/DONE`)) {
    await Promise.all(workers.map((worker) => worker.heartbeat(snapshots)));
    await Promise.all(workers.map((worker) => worker.step(snapshots)));
  }
  const expected = [
    ...Array.from({ length: 100 }, (_, value) => `0/0/${value}`),
    ...Array.from({ length: 40 }, (_, value) => `1/0/${value}`),
  ];
  assertEquals(await splitsOnDisk(disk, PATH), expected.sort());
  assertEquals(await snapshots.heartbeat("w1", []), []);
  assertEquals(disk.paths().filter((path) => path.includes("prefetched")), []);
});

Deno.test("nothing is saved where nothing outlives the dispatcher", async () => {
  const snapshots = new Snapshots({
    book: null,
    files: newDisk(),
    clock: new FakeClock(),
    log: silentLog,
    maxStreamsPerWorker: 1,
    rootOf: (path) => path,
    sourcesOf: () => [],
  });
  await snapshots.recover();
  await assertRejects(
    () => snapshots.begin(PATH, describe(1)),
    InvalidArgumentError,
    "requires running tf.data service in the fault tolerant mode",
  );
  assertEquals(await snapshots.heartbeat("w", []), []);
  await assertRejects(() => snapshots.streams(PATH, () => false), InvalidArgumentError, "does not know");
});

Deno.test("a path is used once", async () => {
  const disk = newDisk();
  const snapshots = await startSnapshots(disk);
  const [first, second] = await Promise.allSettled([
    snapshots.begin(PATH, describe(1)),
    snapshots.begin(PATH, describe(1)),
  ]);
  assertEquals([first.status, second.status], ["fulfilled", "rejected"]);
  for (const again of [snapshots, await startSnapshots(disk)]) {
    await assertRejects(
      () => again.begin(PATH, describe(1)),
      AlreadyExistsError,
      "is already started or completed",
    );
  }
  disk.put("/data/other/file");
  await assertRejects(
    () => snapshots.begin("/data/other", describe(1)),
    AlreadyExistsError,
    "tf.data snapshot at /data/other already exists.",
  );
});

Deno.test("what cannot be divided is refused before anything is written", async () => {
  const disk = newDisk();
  const refusing = new Snapshots({
    book: { begun: new Set(), ended: new Set(), ...unused() },
    files: disk,
    clock: new FakeClock(),
    log: silentLog,
    maxStreamsPerWorker: 1,
    rootOf: (path) => path,
    sourcesOf() {
      throw errorFromCode("unimplemented", "Splitting is not implemented for snapshot datasets.");
    },
  });
  await assertRejects(() => refusing.begin(PATH, describe(1)), "Splitting is not implemented");
  assertEquals(disk.paths(), ["/data/readme"]);

  function unused() {
    const never = () => Promise.reject(new Error("must not be kept"));
    return { begin: never, end: never, forget: never };
  }
});

Deno.test("a worker gets one more snapshot with each heartbeat, the least written first, up to its limit", async () => {
  const snapshots = await startSnapshots(newDisk(), { maxStreamsPerWorker: 2 });
  for (const name of ["a", "b", "c"]) await snapshots.begin(`/data/${name}`, describe(5));
  assertEquals(streams(await snapshots.heartbeat("w1", [])), [["/data/a", 0]]);
  assertEquals(streams(await snapshots.heartbeat("w2", [])), [["/data/b", 0]]);
  assertEquals(streams(await snapshots.heartbeat("w1", [])), [["/data/a", 0], ["/data/c", 0]]);
  assertEquals(streams(await snapshots.heartbeat("w1", [])), [["/data/a", 0], ["/data/c", 0]]);
  assertEquals(streams(await snapshots.heartbeat("w2", [])), [["/data/a", 1], ["/data/b", 0]]);
});

Deno.test("two heartbeats of one worker at once give it one stream", async () => {
  const snapshots = await startSnapshots(newDisk(), { maxStreamsPerWorker: 1 });
  for (const name of ["a", "b"]) await snapshots.begin(`/data/${name}`, describe(5));
  const both = await Promise.all([snapshots.heartbeat("w", []), snapshots.heartbeat("w", [])]);
  assertEquals(both.map(streams), [[["/data/a", 0]], [["/data/a", 0]]]);
});

Deno.test("when one worker is done nobody new begins, and the others finish", async () => {
  const disk = newDisk();
  const snapshots = await startSnapshots(disk);
  await snapshots.begin(PATH, describe(5));
  await snapshots.heartbeat("w1", []);
  await snapshots.heartbeat("w2", []);
  const done = (stream: number) => [{ path: PATH, stream, completed: true, error: null }];
  assertEquals(await snapshots.heartbeat("w1", done(0)), []);
  assertEquals(await snapshots.heartbeat("w3", []), []);
  // Of a stream that is not its own nobody can say so.
  assertEquals(streams(await snapshots.heartbeat("w2", done(7))), [[PATH, 1]]);
  assertEquals(disk.paths().includes(`${PATH}/DONE`), false);
  assertEquals(
    await snapshots.streams(PATH, (worker) => worker === "w2"),
    new Map([[0, "done" as const], [1, "orphan" as const]]),
  );
  assertEquals(await snapshots.heartbeat("w2", done(1)), []);
  assertEquals(disk.paths().includes(`${PATH}/DONE`), true);
  await assertRejects(
    () => snapshots.split(PATH, { worker: "w1", stream: 0, source: 0, repetition: 0 }, signal),
    InternalError,
    "the snapshot is over",
  );
});

Deno.test("the first error of a worker ends the snapshot, and stands in its directory", async () => {
  const disk = newDisk();
  const snapshots = await startSnapshots(disk);
  await snapshots.begin(PATH, describe(5));
  await snapshots.heartbeat("w1", []);
  await snapshots.heartbeat("w2", []);
  const failed = (stream: number, message: string) => [
    { path: PATH, stream, completed: false, error: { code: "INVALID_ARGUMENT", message } },
  ];
  failNext(disk, 1);
  assertEquals(await snapshots.heartbeat("w1", failed(0, 'first "x"\n\u00e9\u0001')), []);
  assertEquals(disk.paths().includes(`${PATH}/ERROR`), false); // Tried again with the next heartbeat.
  assertEquals(await snapshots.heartbeat("w2", failed(1, "second")), []);
  assertEquals(
    new TextDecoder().decode(await disk.read(`${PATH}/ERROR`)),
    'code: INVALID_ARGUMENT\nmessage: "first \\"x\\"\\n\\303\\251\\001"\n',
  );
  await assertRejects(
    () => snapshots.split(PATH, { worker: "w1", stream: 0, source: 0, repetition: 0 }, signal),
    InternalError,
  );
});

Deno.test("a stream that cannot be made is nobody's, and the worker's other streams go on", async () => {
  const disk = newDisk();
  const snapshots = await startSnapshots(disk);
  await snapshots.begin("/data/a", describe(5));
  await snapshots.heartbeat("w", []);
  await snapshots.begin("/data/b", describe(5));
  failNext(disk);
  assertEquals(streams(await snapshots.heartbeat("w", [])), [["/data/a", 0]]);
  assertEquals(streams(await snapshots.heartbeat("w", [])), [["/data/a", 0], ["/data/b", 0]]);
});

Deno.test("requests for splits are checked", async () => {
  const snapshots = await startSnapshots(newDisk());
  await snapshots.begin(PATH, describe(5));
  await snapshots.heartbeat("w", []);
  const split = (change: Record<string, string | number>) =>
    snapshots.split(PATH, { worker: "w", stream: 0, source: 0, repetition: 0, ...change }, signal);
  await assertRejects(() => split({ source: 1 }), InvalidArgumentError, "it has 1 sources");
  await assertRejects(() => split({ stream: 1 }), InternalError, "it is assigned stream 0");
  await assertRejects(() => split({ worker: "x" }), InternalError, "it has no stream");
  await assertRejects(
    () => snapshots.split("/data/t", { worker: "w", stream: 0, source: 0, repetition: 0 }, signal),
    InvalidArgumentError,
    "the dispatcher does not know of a snapshot at /data/t",
  );
});

Deno.test("a repetition may be skipped, and one that is over stays over", async () => {
  const snapshots = await startSnapshots(newDisk());
  await snapshots.begin(PATH, describe(2));
  await snapshots.heartbeat("w", []);
  const next = async (repetition: number) => {
    const { split, local } = await snapshots.split(
      PATH,
      { worker: "w", stream: 0, source: 0, repetition },
      signal,
    );
    return [split && new TextDecoder().decode(split), local];
  };
  assertEquals(await next(0), ["0", 0]);
  assertEquals(await next(2), ["0", 1]);
  assertEquals(await next(0), [null, 2]);
  assertEquals(await next(1), [null, 2]);
  assertEquals(await next(2), ["1", 2]);
  assertEquals(await next(2), [null, 3]);
});

Deno.test("a split whose file failed is given with the next request, by its place", async () => {
  const disk = newDisk();
  const snapshots = await startSnapshots(disk);
  await snapshots.begin(PATH, describe(3));
  for (const worker of ["w1", "w2"]) await snapshots.heartbeat(worker, []);
  const next = (worker: string, stream: number) =>
    snapshots.split(PATH, { worker, stream, source: 0, repetition: 0 }, signal);
  await next("w1", 0);
  // The renaming, which happens although it fails: the split is the first worker's.
  disk.fault = { step: disk.operations, dies: false, happens: true };
  await assertRejects(() => next("w1", 0), UnavailableError);
  const { split, local } = await next("w2", 1);
  assertEquals([new TextDecoder().decode(split!), local], ["2", 0]);
  assertEquals((await next("w1", 0)).local, 2);
});
