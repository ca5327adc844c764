/** A dispatcher whose disk becomes full, in a process of its own on a file system of its own. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Dataset, InvalidArgumentError, registerDataset, UnavailableError } from "../../mod.ts";
import { type Program, startProgram } from "../support/programs.ts";

interface Disk extends AsyncDisposable {
  readonly directory: string;
  /** Makes it larger. */
  grow(kilobytes: number): Promise<void>;
}

/** A directory on a file system of its own; null where this machine does not let us have one. */
async function smallDisk(kilobytes: number): Promise<Disk | null> {
  const directory = await Deno.makeTempDir({ prefix: "sluice-disk-" });
  try {
    const mount = new Deno.Command("mount", {
      args: ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", directory],
      stderr: "null",
    });
    if ((await mount.output()).success) return diskAt(directory);
  } catch {
    // There is no such program.
  }
  await Deno.remove(directory);
  return null;
}

function diskAt(directory: string): Disk {
  return {
    directory,
    async grow(kilobytes) {
      await new Deno.Command("mount", { args: ["-o", `remount,size=${kilobytes}k`, directory] }).output();
    },
    async [Symbol.asyncDispose]() {
      await new Deno.Command("umount", { args: [directory] }).output();
      await Deno.remove(directory);
    },
  };
}

/** Writes a file for which there is no room. */
async function fillWith(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  const bytes = new Uint8Array(4_096);
  try {
    for (;;) await file.write(bytes);
  } catch {
    // It is full.
  }
}

async function startDispatcher(workDir: string): Promise<{ program: Program; target: string }> {
  const flags = ["--json", "--port=0", `--work-dir=${workDir}`, "--fault-tolerant-mode"];
  const program = await startProgram("dispatcher.ts", flags);
  return { program, target: JSON.parse(program.firstLine).target };
}

/** Datasets of some kilobytes each, no two alike. */
const large = (number: number) => Dataset.fromArray([number, "x".repeat(8_000)]);

/** Starts another dispatcher, which has all datasets that were acknowledged. */
async function assertAllThere(workDir: string, acknowledged: readonly string[]): Promise<void> {
  const { program, target } = await startDispatcher(workDir);
  await using _program = program;
  for (const [number, datasetId] of acknowledged.entries()) {
    assertEquals(await registerDataset(target, large(number), { datasetId }), datasetId);
    // It is there: another one is refused under its id.
    await assertRejects(
      () => registerDataset(target, Dataset.range(3), { datasetId }),
      InvalidArgumentError,
      datasetId,
    );
  }
}

Deno.test("a full disk is told before anything is acknowledged, and what was acknowledged is there again", async () => {
  await using disk = await smallDisk(256);
  if (disk === null) return console.log("skipped: no file system can be mounted here");
  const acknowledged: string[] = [];
  {
    const { program, target } = await startDispatcher(disk.directory);
    await using _program = program;
    const fill = async () => {
      for (let number = 0; number < 1_000; number++) {
        const datasetId = `dataset-${number}`;
        await registerDataset(target, large(number), { datasetId, dispatcherTimeoutMs: 3_000 });
        acknowledged.push(datasetId);
      }
    };
    const error = await assertRejects(fill, UnavailableError);
    assertStringIncludes(error.message, "the journal failed");
    assert(acknowledged.length > 5, `${acknowledged.length} datasets fitted`);
  }
  await disk.grow(4_096);
  await assertAllThere(disk.directory, acknowledged);
});

Deno.test("a dispatcher goes on by itself when there is room on its disk again", async () => {
  await using disk = await smallDisk(8_192);
  if (disk === null) return console.log("skipped: no file system can be mounted here");
  const acknowledged: string[] = [];
  const register = async (dispatcherTimeoutMs: number) => {
    const number = acknowledged.length;
    const datasetId = `dataset-${number}`;
    await registerDataset(target, large(number), { datasetId, dispatcherTimeoutMs });
    acknowledged.push(datasetId);
  };
  const { program, target } = await startDispatcher(disk.directory);
  {
    await using _program = program;
    await register(60_000);
    const filler = `${disk.directory}/filler`;
    await fillWith(filler);
    const error = await assertRejects(async () => {
      for (;;) await register(4_000);
    }, UnavailableError);
    assertStringIncludes(error.message, "the journal failed");
    await Deno.remove(filler);
    // The same dispatcher, and the same request as before.
    for (let i = 0; i < 5; i++) await register(60_000);
  }
  await assertAllThere(disk.directory, acknowledged);
});
