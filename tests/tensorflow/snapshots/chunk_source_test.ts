import { assertEquals, assertRejects } from "@std/assert";
import { FakeClock, InternalError, InvalidArgumentError, NotFoundError } from "../../../src/base/mod.ts";
import { ChunkSource } from "../../../src/tensorflow/snapshots/chunk_source.ts";
import { listChunks } from "../../../src/tensorflow/snapshots/list_chunks.ts";
import { MemoryDurableFiles } from "../../support/memory_durable_files.ts";

const PATH = "/data/s";
const { signal } = new AbortController();

function diskWith(...files: string[]): MemoryDurableFiles {
  const disk = new MemoryDurableFiles();
  for (const file of files) disk.put(`${PATH}/${file}`);
  return disk;
}

/** The names of the chunks that a source knows, in its order. */
function namesOf(source: ChunkSource): string[] {
  return Array.from({ length: source.count }, (_, index) => {
    const text = new TextDecoder("latin1").decode(source.split(index));
    return text.slice(text.indexOf("/data/s/chunks/") + "/data/s/chunks/".length);
  });
}

Deno.test("chunks are listed by their number, then by stream", async () => {
  const disk = diskWith(
    "chunks/chunk_1_0_5",
    "chunks/chunk_0_10_-1",
    "chunks/chunk_0_2_5",
    "chunks/chunk_0_0_5",
  );
  disk.put(`${PATH}/chunks/chunk_9_9_9.tmp`);
  assertEquals(await listChunks(disk, PATH), {
    names: ["chunk_0_0_5", "chunk_1_0_5", "chunk_0_2_5", "chunk_0_10_-1"],
    isFinal: false,
  });
  disk.put(`${PATH}/DONE`);
  assertEquals((await listChunks(disk, PATH)).isFinal, true);
  disk.put(`${PATH}/chunks/other`);
  await assertRejects(() => listChunks(disk, PATH), InternalError, 'Invalid chunk file name "other"');
});

Deno.test("what was found first stays first, and a source ends with its snapshot", async () => {
  const disk = diskWith("chunks/chunk_1_1_5");
  const clock = new FakeClock();
  const source = new ChunkSource({ path: PATH, files: disk, clock });
  await source.grow(signal);
  disk.put(`${PATH}/chunks/chunk_0_0_5`);
  await source.grow(signal);
  assertEquals(namesOf(source), ["chunk_1_1_5", "chunk_0_0_5"]);
  assertEquals(source.isFinal, false);

  const growing = source.grow(signal);
  await clock.advance(10_000);
  disk.put(`${PATH}/DONE`);
  await clock.advance(10_000);
  await growing;
  assertEquals([source.count, source.isFinal], [2, true]);
});

Deno.test("what an earlier process gave out comes first", async () => {
  const disk = diskWith("chunks/chunk_0_0_5", "chunks/chunk_1_0_5", "DONE");
  const before = new ChunkSource({ path: PATH, files: disk, clock: new FakeClock() });
  await before.grow(signal);
  const source = new ChunkSource({ path: PATH, files: disk, clock: new FakeClock() });
  source.restore([before.split(1)]);
  await source.grow(signal);
  assertEquals(namesOf(source), ["chunk_1_0_5", "chunk_0_0_5"]);
});

Deno.test("the error of a snapshot is its readers'", async () => {
  const disk = diskWith("chunks/chunk_0_0_5");
  const message = new TextEncoder().encode('code: INVALID_ARGUMENT\nmessage: "NaN \\"x\\""\n');
  disk.put(`${PATH}/ERROR`, message);
  const source = new ChunkSource({ path: PATH, files: disk, clock: new FakeClock() });
  await assertRejects(() => source.grow(signal), InvalidArgumentError, 'NaN "x"');
});

Deno.test("a snapshot that a person gave up says so", async () => {
  const source = new ChunkSource({ path: PATH, files: diskWith("ERROR"), clock: new FakeClock() });
  await assertRejects(() => source.grow(signal), Error, "The snapshot at /data/s was given up");
});

Deno.test("a snapshot that is not there is not found, and nobody waits longer than the caller", async () => {
  const clock = new FakeClock();
  const missing = new ChunkSource({ path: "/data/t", files: diskWith(), clock });
  await assertRejects(() => missing.grow(signal), NotFoundError, "there is none");
  const source = new ChunkSource({ path: PATH, files: diskWith("chunks/x.tmp"), clock });
  const controller = new AbortController();
  const growing = source.grow(controller.signal);
  controller.abort(new Error("the caller has left"));
  await assertRejects(() => growing, Error, "the caller has left");
});
