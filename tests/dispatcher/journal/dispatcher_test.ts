/** A dispatcher on a journal in files that takes a snapshot whenever it can, through crashes of its disk. */

import { assert, assertEquals } from "@std/assert";
import { SeededRandom, silentLog } from "../../../src/base/mod.ts";
import { MemoryJournalFiles } from "../../../src/dispatcher/journal/memory_journal_files.ts";
import { createFileJournal } from "../../../src/dispatcher/mod.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { Cluster, range } from "../cluster.ts";

const open = (files: MemoryJournalFiles) =>
  Cluster.start({
    journal: createFileJournal({ files, log: silentLog, segmentBytes: 200, snapshotBytes: 1 }),
  });

Deno.test("a dispatcher goes on behind its snapshots after every crash, and leases each split once", async () => {
  let files = new MemoryJournalFiles();
  let cluster = await open(files);
  await cluster.heartbeat("a:1");
  const job = await cluster.job(ShardingPolicy.DYNAMIC, range(1_000), "shared");
  const { iterationClientId } = await cluster.join(job);
  let next = 0n;
  for (let requestId = 1n;; requestId++) {
    const before = cluster.dispatcher.status();
    files = files.crash(new SeededRandom(Number(requestId)));
    const lost = cluster;
    cluster = await open(files);
    await lost.dispatcher.stop();
    assertEquals(cluster.dispatcher.status(), before);
    assertEquals((await cluster.heartbeat("a:1", [4000n])).tasksToDelete, []);
    assertEquals((await cluster.client.clientHeartbeat({ iterationClientId })).tasks.length, 1);
    const request = { iterationId: 2000n, taskId: 4000n, requestId };
    const { splits, endOfSplits } = await cluster.client.getSplit(request);
    if (endOfSplits) break;
    for (const { start, end } of splits) {
      assertEquals(start, next);
      next = end;
    }
    assertEquals(
      (await cluster.client.getSplit(request)).splits,
      splits,
      "the same request, the same answer",
    );
  }
  assertEquals(next, 1_000n);
  assert(files.names().some((name) => name.endsWith(".snapshot")));
  await cluster.dispatcher.stop();
});
