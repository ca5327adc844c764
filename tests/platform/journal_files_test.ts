import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  NotFoundError,
  PermissionDeniedError,
  ResourceExhaustedError,
  silentLog,
} from "../../src/base/mod.ts";
import { createFileJournal } from "../../src/dispatcher/mod.ts";
import { diskError } from "../../src/platform/journal_files.ts";
import { denoJournalFiles } from "../../src/platform/mod.ts";
import { testJournal } from "../dispatcher/journal_contract.ts";

testJournal("file journal on a disk", async () => {
  const workDir = await Deno.makeTempDir();
  return {
    open: () => Promise.resolve(createFileJournal({ files: denoJournalFiles(workDir), log: silentLog })),
    dispose: () => Deno.remove(workDir, { recursive: true }),
  };
});

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("files are written at their end, renamed and removed", () =>
  withDirectory(async (directory) => {
    const files = denoJournalFiles(`${directory}/new/er`);
    assertEquals(await files.list("journal"), []);
    await files.makeDirectory("journal");
    for (const text of ["first ", "second"]) {
      const file = await files.append("journal/a");
      await file.write(new TextEncoder().encode(text));
      await file.sync();
      await file.close();
    }
    await files.rename("journal/a", "journal/b");
    await files.syncDirectory("journal");
    assertEquals(await files.list("journal"), ["b"]);
    assertEquals(new TextDecoder().decode(await files.read("journal/b")), "first second");
    await files.remove("journal/b");
    await files.remove("journal/b");
    await assertRejects(() => files.read("journal/b"), NotFoundError, `${directory}/new/er/journal/b`);
    await assertRejects(() => files.rename("journal/b", "journal/c"), NotFoundError, "Cannot rename");
  }));

Deno.test("a lock is held by one, in this process and from others, until it is released", () =>
  withDirectory(async (directory) => {
    const files = denoJournalFiles(directory);
    const unlock = await files.lock("lock");
    assertEquals(await files.lock("lock"), null);
    const script = `const file = await Deno.open(${JSON.stringify(`${directory}/lock`)}, { write: true });
      console.log(await file.tryLock(true));`;
    const other = await new Deno.Command(Deno.execPath(), { args: ["eval", script] }).output();
    assertEquals(new TextDecoder().decode(other.stdout), "false\n");
    await unlock!();
    const again = await files.lock("lock");
    await again!();
  }));

Deno.test({
  name: "a full device and a read-only file system have errors of their own",
  ignore: Deno.build.os !== "linux", // /dev/full and /proc are Linux's.
  async fn() {
    using full = await Deno.open("/dev/full", { write: true });
    const error = await assertRejects(() => full.write(new Uint8Array(10)));
    const translated = diskError("write", "/data/journal/x", error);
    assertInstanceOf(translated, ResourceExhaustedError);
    assertEquals(
      translated.message,
      'Cannot write "/data/journal/x": there is no room left on the disk',
    );
    const readOnly = Object.assign(new Error("Read-only file system"), { code: "EROFS" });
    assertInstanceOf(diskError("open", "/data", readOnly), PermissionDeniedError);
  },
});
