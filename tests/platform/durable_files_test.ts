/** The contract of files that are a record: this machine's, and those in memory that stand for them in tests. */

import { assertEquals, assertRejects } from "@std/assert";
import { type DurableFiles, NotFoundError, PermissionDeniedError, writeWhole } from "../../src/base/mod.ts";
import { denoDurableFiles } from "../../src/platform/mod.ts";
import { MemoryDurableFiles } from "../support/memory_durable_files.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function testDurableFiles(name: string, within: (body: Body) => Promise<void>): void {
  const test = (what: string, body: Body) => Deno.test(`${name}: ${what}`, () => within(body));

  test("a file is written, over another one too, and read", async (files, root) => {
    await files.write(`${root}/a`, bytes("longer"));
    await files.write(`${root}/a`, bytes("short"));
    assertEquals(await files.read(`${root}/a`), bytes("short"));
    await files.write(`${root}/a`, bytes("fast"), { survives: "crash" });
    assertEquals(await files.read(`${root}/a`), bytes("fast"));
    assertEquals(await files.list(root), ["a"]);
  });

  test("a file has the time of its content, and of its name", async (files, root) => {
    await files.write(`${root}/a`, bytes("a"));
    const written = await files.changedAt(`${root}/a`);
    await files.rename(`${root}/a`, `${root}/b`);
    assertEquals(await files.changedAt(`${root}/b`) >= written, true);
    await assertRejects(() => files.changedAt(`${root}/a`), NotFoundError);
  });

  test("directories are made with those above them, and listed with files", async (files, root) => {
    await files.makeDirectory(`${root}/a/b`);
    await files.makeDirectory(`${root}/a/b`);
    await files.write(`${root}/a/c`, bytes(""));
    assertEquals((await files.list(`${root}/a`)).sort(), ["b", "c"]);
    assertEquals(await files.exists(`${root}/a/b`), true);
    assertEquals(await files.exists(`${root}/a/c`), true);
    await files.syncDirectory(`${root}/a`);
  });

  test("what is not there has no names, and is not there", async (files, root) => {
    assertEquals(await files.list(`${root}/none`), []);
    assertEquals(await files.exists(`${root}/none`), false);
    await files.remove(`${root}/none`);
    await assertRejects(() => files.read(`${root}/none`), NotFoundError, `${root}/none`);
    await assertRejects(() => files.write(`${root}/none/a`, bytes("")), NotFoundError);
    await assertRejects(() => files.rename(`${root}/none`, `${root}/a`), NotFoundError);
  });

  test("a file is no directory", async (files, root) => {
    await files.write(`${root}/a`, bytes(""));
    assertEquals(await files.list(`${root}/a`), []);
    assertEquals(await files.exists(`${root}/a/b`), false);
    await assertRejects(() => files.read(`${root}/a/b`), NotFoundError);
  });

  test("files and directories are renamed, files over others too", async (files, root) => {
    await files.makeDirectory(`${root}/a/b`);
    await files.write(`${root}/a/b/c`, bytes("c"));
    await files.rename(`${root}/a`, `${root}/d`);
    await files.write(`${root}/e`, bytes("e"));
    await files.rename(`${root}/e`, `${root}/d/b/c`);
    assertEquals(await files.list(root), ["d"]);
    assertEquals(await files.read(`${root}/d/b/c`), bytes("e"));
  });

  test("a directory is removed with all that is in it", async (files, root) => {
    await files.makeDirectory(`${root}/a/b`);
    await files.write(`${root}/a/b/c`, bytes("c"));
    await files.remove(`${root}/a`);
    assertEquals(await files.list(root), []);
  });

  test("a file is written whole", async (files, root) => {
    await files.write(`${root}/a.tmp`, bytes("left by somebody who died"));
    await writeWhole(files, `${root}/a`, bytes("a"));
    assertEquals(await files.list(root), ["a"]);
    assertEquals(await files.read(`${root}/a`), bytes("a"));
  });
}

type Body = (files: DurableFiles, root: string) => Promise<void>;

testDurableFiles("memory", async (body) => {
  const files = new MemoryDurableFiles();
  await files.makeDirectory("/root");
  await body(files, "/root");
});

async function withinDirectory(body: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await body(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

testDurableFiles("this machine", (body) => withinDirectory((root) => body(denoDurableFiles, root)));

Deno.test("this machine: what may not be read is refused by its name", async () => {
  await withinDirectory(async (root) => {
    await assertRejects(() => denoDurableFiles.read(root), Error, root);
    if (Deno.uid() === 0) return; // Root may read everything.
    await Deno.writeTextFile(`${root}/a`, "", { mode: 0 });
    await assertRejects(() => denoDurableFiles.read(`${root}/a`), PermissionDeniedError, `${root}/a`);
  });
});
