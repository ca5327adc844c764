/** Directories as a dispatcher that starts may find them. */

import { assertEquals, assertRejects } from "@std/assert";
import { DataLossError, InternalError, InvalidArgumentError } from "../../../src/base/mod.ts";
import { MemoryDurableFiles } from "../../support/memory_durable_files.ts";
import { describe, DiskBook, newDisk, SnapshotWorker, startSnapshots } from "./support.ts";

const PATH = "/data/s";
const text = (value: string) => new TextEncoder().encode(value);

/** A snapshot of a dataset with two sources, which was begun, and the files of its streams. */
async function diskWith(...files: string[]): Promise<MemoryDurableFiles> {
  const disk = newDisk();
  await (await startSnapshots(disk)).begin(PATH, describe(10, 10));
  for (const file of files) {
    const [name, owner] = file.split("=");
    disk.put(`${PATH}/streams/${name}`, text(owner ?? ""));
  }
  return disk;
}

const OWNER = "stream_0/owner_worker=w0";
const SPLITS = "stream_0/splits/source_0/repetition_0";

for (
  const [what, files, ErrorClass, message] of [
    ["the name of a stream", ["stream_x/owner_worker=w0"], InternalError, "Can't parse the stream directory"],
    ["a stream without a number", ["stream_/owner_worker=w0"], InternalError, "Can't parse"],
    ["a negative stream", ["stream_-1/owner_worker=w0"], InternalError, "Can't parse"],
    ["a file among streams", ["notes.txt"], InternalError, "Can't parse"],
    [
      "the name of a source",
      [OWNER, "stream_0/splits/source_x/repetition_0/split_0_0"],
      InternalError,
      "Can't parse the source directory",
    ],
    [
      "a source that the dataset does not have",
      [OWNER, "stream_0/splits/source_2/repetition_0/split_0_0"],
      InternalError,
      "Found conflict between the number of sources",
    ],
    [
      "the name of a repetition",
      [OWNER, "stream_0/splits/source_0/repetition/split_0_0"],
      InvalidArgumentError,
      "Expected repetition_<repetition_index>",
    ],
    [
      "the name of a split",
      [OWNER, `${SPLITS}/split_0`],
      InvalidArgumentError,
      "Expected split_<local_split_index>_<global_split_index>",
    ],
    [
      "a split further in its stream than in the snapshot",
      [OWNER, `${SPLITS}/split_1_0`],
      InvalidArgumentError,
      "The local split index 1 exceeds the global split index 0",
    ],
    [
      "a split that is missing",
      [OWNER, `${SPLITS}/split_0_1`],
      InternalError,
      "Found missing global split index 0",
    ],
    [
      "a split that is there twice",
      [OWNER, `${SPLITS}/split_0_0`, "stream_0/splits/source_1/repetition_0/split_0_0"],
      InternalError,
      "Found duplicate global split index 0",
    ],
    [
      "a gap in a stream",
      [OWNER, `${SPLITS}/split_1_1`, "stream_0/splits/source_1/repetition_0/split_0_0"],
      InternalError,
      "Found missing local split index 0 of source 0 in stream 0",
    ],
    [
      "two streams of one worker",
      [OWNER, "stream_1/owner_worker=w0"],
      InternalError,
      "The worker is already assigned stream 0",
    ],
  ] as const
) {
  Deno.test(`the start fails at ${what}`, async () => {
    const disk = await diskWith(...files);
    await assertRejects(() => startSnapshots(disk), ErrorClass, message);
  });
}

Deno.test("the start fails where the directory or a part of it is gone, and says which", async () => {
  const disk = await diskWith();
  disk.drop(`${PATH}/dataset_def.proto`);
  await assertRejects(
    () => startSnapshots(disk),
    InternalError,
    "there is no /data/s/dataset_def.proto",
  );
  disk.put(`${PATH}/snapshot.metadata`, text("element_spec: "));
  await assertRejects(() => startSnapshots(disk), DataLossError, "Cannot parse /data/s/snapshot.metadata");
  await disk.remove(PATH);
  await assertRejects(
    () => startSnapshots(disk),
    InternalError,
    "the snapshot path doesn't exist. To give this snapshot up, make an empty file /data/s/ERROR",
  );
  disk.put(`${PATH}/ERROR`);
  await startSnapshots(disk);
});

Deno.test("the start fails where a worker has more streams than it may have", async () => {
  const disk = newDisk();
  const before = await startSnapshots(disk, { maxStreamsPerWorker: 2 });
  await before.begin("/data/a", describe(1));
  await before.begin("/data/b", describe(1));
  for (let i = 0; i < 2; i++) await before.heartbeat("w", []);
  await assertRejects(
    () => startSnapshots(disk, { maxStreamsPerWorker: 1 }),
    InternalError,
    "worker w was assigned too many streams: 2",
  );
});

Deno.test("a stream without an owner was never handed out, and temporary files count for nothing", async () => {
  const disk = await diskWith("stream_0/splits/source_0/repetition_0/split_0_0.tmp", "x.tmp");
  const snapshots = await startSnapshots(disk);
  assertEquals((await snapshots.heartbeat("w1", [])).map(({ stream }) => stream), [0]);
});

Deno.test("a worker gets its stream back, and the splits go on behind those on the disk", async () => {
  const disk = await diskWith(
    "stream_3/owner_worker=w3",
    "stream_3/splits/source_0/repetition_0/split_0_0",
    "stream_3/splits/source_0/repetition_1/split_1_1",
    "stream_5/owner_worker=w5",
    "stream_5/DONE",
    "stream_5/splits/source_1/repetition_0/split_0_2",
  );
  const snapshots = await startSnapshots(disk);
  // One is done, so that nobody new gets a stream.
  assertEquals(await snapshots.heartbeat("w9", []), []);
  const [task] = await snapshots.heartbeat("w3", []);
  assertEquals([task.path, task.stream, task.numSources, task.metadata.compression], [PATH, 3, 2, "SNAPPY"]);
  assertEquals(task.metadata.elementSpec, describe().metadata.elementSpec);
  const signal = () => new AbortController().signal;
  const next = async (source: number, repetition: number) => {
    const request = { worker: "w3", stream: 3, source, repetition };
    const { split, local } = await snapshots.split(PATH, request, signal);
    return [split && new TextDecoder().decode(split), local];
  };
  assertEquals(await next(0, 0), [null, 2]);
  assertEquals(await next(0, 1), ["1", 2]);
  assertEquals(await next(1, 0), ["1", 0]);
  assertEquals(disk.paths().filter((path) => /split_\d+_[34]$/.test(path)), [
    `${PATH}/streams/stream_3/splits/source_0/repetition_1/split_2_3`,
    `${PATH}/streams/stream_3/splits/source_1/repetition_0/split_0_4`,
  ]);
});

Deno.test("a snapshot whose streams are all done is ended by the next start", async () => {
  const disk = await diskWith(OWNER, "stream_0/DONE");
  await startSnapshots(disk);
  assertEquals(disk.paths().includes(`${PATH}/DONE`), true);
  assertEquals(new DiskBook(disk).ended, new Set([PATH]));
});

Deno.test("a snapshot that was over before the start needs its directory no more", async () => {
  const disk = await diskWith();
  disk.put(`${PATH}/ERROR`, text('code: INTERNAL\nmessage: "gone"\n'));
  disk.put(`${PATH}/streams/stream_x/owner_worker`, text("w"));
  await startSnapshots(disk);
  assertEquals(new DiskBook(disk).ended, new Set([PATH]));
  await disk.remove(PATH);
  await startSnapshots(disk);
});

Deno.test("a snapshot that was removed when it was over can be written again", async () => {
  const disk = await diskWith(OWNER, "stream_0/DONE");
  const snapshots = await startSnapshots(disk);
  await disk.remove(PATH);
  await snapshots.begin(PATH, describe(3));
  const worker = new SnapshotWorker(disk, "w");
  for (let i = 0; i < 5; i++) {
    await worker.heartbeat(snapshots);
    await worker.step(snapshots);
  }
  assertEquals(disk.paths().filter((path) => path.includes("/split_")).length, 3);
});
