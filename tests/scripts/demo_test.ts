/** The demo's servers are killed in the middle of an epoch. */

import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { RECORD_BYTES, writeShards } from "../../scripts/demo/digits.ts";
import { Count, judge } from "../../scripts/demo/epoch.ts";
import { digitsOf } from "../../scripts/demo/pipeline.ts";
import { Processes } from "../../scripts/demo/processes.ts";
import { startService } from "../../scripts/demo/service.ts";
import { splitLines } from "../../src/platform/mod.ts";
import { WatchedLines } from "./watched_lines.ts";

/** A directory for the length of a test. */
async function temporaryDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "sluice-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Starts the demo as a user does. */
function startDemo(
  temporary: string,
  ...args: string[]
): { said: WatchedLines; child: Deno.ChildProcess; closed: Promise<unknown> } {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", new URL("../../scripts/demo.ts", import.meta.url).href, ...args],
    env: { TMPDIR: temporary },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = new WatchedLines();
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const line of splitLines(stream, 64 * 1024)) said.add(line);
  };
  const closed = Promise.all([read(child.stdout), read(child.stderr)]).then(() => said.end());
  return { said, child, closed };
}

function isAlive(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}

Deno.test("kill -9 of the dispatcher, of a worker and of all at once in the middle of an epoch: each record exactly once", async () => {
  await using temporary = await temporaryDirectory();
  const directory = temporary.path;
  const digits = `${directory}/digits`;
  await Deno.mkdir(digits);
  const records = Array.from({ length: 6_400 }, (_, number) => {
    const record = new Uint8Array(RECORD_BYTES);
    new DataView(record.buffer).setUint32(0, number, true);
    return record;
  });
  await writeShards(digits, records, 8);
  const said = new WatchedLines();
  const screen = { print: said.add, error: said.add };
  await using service = await startService({ directory, digits, workers: 2, screen });
  service.failed.catch(() => said.end());
  const count = new Count(records.length);
  let batches = 0;
  for await (const batch of digitsOf(`${digits}/*`, service.target, "distributed_epoch")) {
    count.add(batch);
    switch (++batches) {
      case 10:
        await said.killAndAwait("dispatcher");
        break;
      case 20:
        await said.killAndAwait("worker 1");
        break;
      case 40:
        await said.killAndAwait("dispatcher", "worker 1", "worker 2");
        break;
    }
  }
  assertEquals(count.compare(1), { right: records.length, fewer: 0, more: 0 }, said.lines.join("\n"));
  assertEquals(
    ["dispatcher", "worker 1", "worker 2"].map((name) => service.endsOf(name)),
    [2, 2, 1],
  );
  // A worker counts by its name, whatever its process: nobody else gave any.
  const shares = [...count.shares(["worker 1", "worker 2"]).matchAll(/gave (\d+)/g)].map(([, share]) =>
    Number(share)
  );
  assertEquals(shares.length, 2);
  assertEquals(shares[0] + shares[1], records.length);
});

Deno.test("deno task demo says who ended, and that each record arrived exactly once all the same", async () => {
  await using temporary = await temporaryDirectory();
  const { said, child, closed } = startDemo(temporary.path, "--epochs=1", "--records-per-second=2000");
  await said.until(() => said.pids.size === 3);
  await said.killAndAwait("dispatcher", "worker 1", "worker 2");
  await closed;
  const text = said.lines.join("\n");
  assertEquals((await child.status).code, 0, text);
  for (const name of ["dispatcher", "worker 1", "worker 2"]) {
    assertMatch(
      text,
      new RegExp(`^${name} \\(process \\d+\\) ended with SIGKILL, started again: process \\d+$`, "m"),
    );
  }
  assertMatch(
    text,
    /^ {2}worker 1 gave \d+, worker 2 gave \d+; each of 8000 records arrived exactly once$/m,
  );
  assertEquals([...Deno.readDirSync(temporary.path)], []);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} ends the demo and its servers with status 130, also while one is away, and leaves nothing`, async () => {
    await using temporary = await temporaryDirectory();
    const { said, child, closed } = startDemo(temporary.path, "--epochs=1", "--records-per-second=100");
    await said.until(() => said.pids.size === 3);
    said.kill("dispatcher");
    child.kill(signal);
    await closed;
    const text = said.lines.join("\n");
    assertEquals((await child.status).code, 130, text);
    assertStringIncludes(text, `demo: Ended by ${signal}`);
    for (const pid of said.pids.values()) assert(!isAlive(pid), `${pid} lives`);
    assertEquals([...Deno.readDirSync(temporary.path)], []);
  });
}

Deno.test("a server that cannot be started again is given up with its reason", async () => {
  await using temporary = await temporaryDirectory();
  const said = new WatchedLines();
  await using processes = new Processes({ tell: said.add, tellError: said.add, maxEnds: 2 });
  const workDir = `${temporary.path}/work`;
  const { pid } = await processes.start(
    "dispatcher",
    "dispatcher.ts",
    `--work-dir=${workDir}`,
    "--fault-tolerant-mode",
  );
  await Deno.remove(workDir, { recursive: true });
  await Deno.writeTextFile(workDir, "no directory");
  Deno.kill(pid, "SIGKILL");
  await assertRejects(
    () => processes.failed,
    Error,
    "The dispatcher ended 2 times in a row, at last with status 1",
  );
  assertStringIncludes(said.lines.join("\n"), workDir);
});

Deno.test("what an epoch brought is judged by what its mode promises", () => {
  const workers = ["worker 1", "worker 2"];
  const count = new Count(3);
  count.add({
    numbers: new Float64Array([0, 1, 2, 2]),
    workers: ["worker 1", "worker 1", "worker 2", "worker 2"],
  });
  const shares = "  worker 1 gave 2, worker 2 gave 2; ";
  const once = { workers, copies: 1, mode: "distributed_epoch", ended: ["worker 2"] } as const;
  assertEquals(judge(count, once), {
    summary: `${shares}2 records arrived exactly once, 1 more often, 0 less often`,
    isBroken: true,
  });
  const each = { workers, copies: 2, mode: "parallel_epochs", ended: [] } as const;
  assertEquals(judge(count, each), {
    summary: `${shares}1 records arrived exactly 2 times, 0 more often, 2 less often`,
    isBroken: true,
  });
  assertEquals(judge(count, { ...each, ended: ["worker 2"] }), {
    summary: `${shares}1 records arrived exactly 2 times, 0 more often, 2 less often: ` +
      "parallel_epochs promises nothing of workers that are started again, as worker 2",
    isBroken: false,
  });
  count.add({ numbers: new Float64Array([0, 1]), workers });
  assertEquals(judge(count, each), {
    summary: "  worker 1 gave 3, worker 2 gave 3; each of 3 records arrived exactly 2 times",
    isBroken: false,
  });
});
