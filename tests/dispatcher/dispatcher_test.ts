import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  FailedPreconditionError,
  InvalidArgumentError,
  NotFoundError,
  SeededRandom,
  silentLog,
  UnavailableError,
} from "../../src/base/mod.ts";
import { FakeClock } from "../../src/base/mod.ts";
import { createDispatcher, createMemoryJournal, type Journal } from "../../src/dispatcher/mod.ts";
import type { Update } from "../../src/dispatcher/core/updates.ts";
import { ShardingPolicy } from "../../src/graph/mod.ts";
import { Cluster, range } from "./cluster.ts";
import { SETTINGS } from "./support.ts";

const lost = (cluster: Cluster) => cluster.dispatcher.status().workers.map((worker) => worker.lost);

Deno.test("a worker that is silent and does not answer is lost, and its tasks end", async () => {
  await using cluster = await Cluster.start({ workerTimeoutMs: 1_000 });
  await cluster.heartbeat("a:1");
  const { iterationClientId } = await cluster.join(await cluster.job(ShardingPolicy.OFF));
  await cluster.clock.advance(999);
  assertEquals(lost(cluster), [false]);
  await cluster.clock.advance(1);
  assertEquals(lost(cluster), [true]);
  assertEquals((await cluster.client.clientHeartbeat({ iterationClientId })).tasks, []);
  assertEquals((await cluster.client.getWorkers({})).workers, []);
  assertEquals(cluster.warnings, ["A worker is lost: it sent no heartbeat in time"]);
});

Deno.test("a worker that is silent but answers is not lost", async () => {
  await using cluster = await Cluster.start({ workerTimeoutMs: 1_000 });
  let asked = 0;
  cluster.workers.set("a:1", {
    getWorkerTasks() {
      asked++;
      return { tasks: [] };
    },
  });
  await cluster.heartbeat("a:1");
  await cluster.clock.advance(3_000);
  assertEquals([asked, lost(cluster)], [3, [false]]);
  cluster.workers.delete("a:1");
  await cluster.clock.advance(1_000);
  assertEquals(lost(cluster), [true]);
});

Deno.test("a silent client is released, and then its iteration is collected", async () => {
  await using cluster = await Cluster.start({
    clientTimeoutMs: 1_000,
    jobGcCheckIntervalMs: 500,
    jobGcTimeoutMs: 100,
  });
  const { iterationClientId } = await cluster.join(await cluster.job(ShardingPolicy.OFF));
  await cluster.clock.advance(10_000);
  assertEquals(cluster.dispatcher.status().clients.length, 1, "it has never sent a heartbeat");
  await cluster.client.clientHeartbeat({ iterationClientId });
  await cluster.clock.advance(2_000);
  await assertRejects(
    () => cluster.client.clientHeartbeat({ iterationClientId }),
    NotFoundError,
    "Unknown iteration client id 3000",
  );
  assertEquals(cluster.dispatcher.status().iterations, []);
});

Deno.test("a dispatcher that starts again knows what it knew", async () => {
  const keep: Update[] = [];
  const first = await Cluster.start({ keep });
  await first.heartbeat("a:1");
  const job = await first.job(ShardingPolicy.DYNAMIC, range(100), "shared");
  const { iterationClientId } = await first.join(job);
  const splitOf = async (cluster: Cluster, requestId: bigint) => {
    const { splits } = await cluster.client.getSplit({ iterationId: 2000n, taskId: 4000n, requestId });
    return splits.map(({ start, end }) => [start, end]);
  };
  assertEquals(await splitOf(first, 1n), [[0n, 50n]]);
  const before = first.dispatcher.status();
  await first.dispatcher.stop();

  await using second = await Cluster.start({ keep });
  assertEquals(second.dispatcher.status(), before);
  assertEquals(await splitOf(second, 1n), [[0n, 50n]], "a request whose answer was lost");
  assertEquals(await splitOf(second, 2n), [[50n, 75n]]);
  assertEquals((await second.heartbeat("a:1", [4000n])).tasksToDelete, []);
  assertEquals((await second.client.clientHeartbeat({ iterationClientId })).tasks.length, 1);
});

Deno.test("starting twice is one start, and starting after stopping is refused", async () => {
  const { dispatcher } = new Cluster();
  await Promise.all([dispatcher.start(), dispatcher.start()]);
  await dispatcher.start();
  await Promise.all([dispatcher.stop(), dispatcher.stop()]);
  await assertRejects(
    () => dispatcher.start(),
    FailedPreconditionError,
    "Server cannot be started after it has been stopped",
  );
});

Deno.test("stopping leaves no timer behind", async () => {
  const cluster = await Cluster.start();
  assertEquals(cluster.clock.pending > 0, true);
  await cluster.dispatcher.stop();
  assertEquals(cluster.clock.pending, 0);
});

Deno.test("a damaged journal fails the start, and nothing is served", async () => {
  const journal: Journal = {
    ...createMemoryJournal(),
    // deno-lint-ignore require-yield -- it fails before there is anything to give
    async *replay() {
      throw new InvalidArgumentError("damaged");
    },
  };
  const dispatcher = createDispatcher({
    config: SETTINGS,
    clock: new FakeClock(),
    random: new SeededRandom(1),
    log: silentLog,
    journal,
    listFiles: () => Promise.resolve([]),
    workerClient: () => {
      throw new UnavailableError("nobody");
    },
  });
  await assertRejects(() => dispatcher.start(), InvalidArgumentError, "damaged");
  await assertRejects(() => dispatcher.start(), InvalidArgumentError, "damaged");
  await dispatcher.stop();
});

Deno.test("a bad configuration is refused by its field", () => {
  const bad: [object, string][] = [
    [{ workerTimeoutMs: 0 }, "`workerTimeoutMs` must be a whole number >= 1, got 0"],
    [{ jobGcTimeoutMs: -2 }, "`jobGcTimeoutMs` must be a whole number >= -1, got -2"],
    [{ deploymentMode: "local" }, "`deploymentMode` must be one of"],
  ];
  for (const [settings, words] of bad) {
    assertThrows(() => new Cluster(settings), InvalidArgumentError, words);
  }
});
