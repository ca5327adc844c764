import { assert, assertEquals, assertThrows } from "@std/assert";
import { NotFoundError } from "../../../src/base/mod.ts";
import { MAX_RECENT_REQUESTS } from "../../../src/dispatcher/core/recent.ts";
import {
  MAX_ABANDONED_ITERATIONS,
  MAX_IDLE_JOBS,
  NAMED_JOB_MS,
} from "../../../src/dispatcher/core/retention.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { TestCore } from "../support.ts";

const TIMEOUT = 300_000;

/** A job of a dataset that its readers can register again, read to its end. */
function readOnce(core: TestCore, name: string | null, repetition = 0): number {
  const job = core.job(ShardingPolicy.OFF, { name, datasetId: core.dataset({ renewable: true }) });
  const client = core.client(job, { repetition });
  const { tasks } = core.heartbeat(client);
  for (const { address, taskId, finished } of tasks) if (!finished) core.finish(address, taskId);
  core.release(client);
  return job;
}

/** Looks for garbage `times` times, `ms` apart. */
function collect(core: TestCore, times: number, ms = TIMEOUT): void {
  for (let i = 0; i < times; i++) {
    core.now += ms;
    core.collect();
  }
}

Deno.test("a job without a name and its dataset are forgotten some time after its last iteration", () => {
  const core = new TestCore();
  core.worker("a:1");
  const job = readOnce(core, null);
  collect(core, 1);
  assertEquals([core.state.iterations.size, core.state.jobs.size, core.state.datasets.size], [0, 1, 1]);
  core.now += TIMEOUT - 1;
  core.collect();
  assertEquals([core.state.jobs.size, core.state.datasets.size], [1, 1]);
  collect(core, 1, 1);
  assertEquals([core.state.jobs.size, core.state.datasets.size, core.state.definitions.size], [0, 0, 0]);
  assertThrows(() => core.client(job, { repetition: 1 }), NotFoundError, `Job with id ${job} not found`);
  assertEquals(core.replayed().state, core.state);
});

Deno.test("a job that is read, and its dataset, are not forgotten", () => {
  const core = new TestCore();
  const job = core.job(ShardingPolicy.OFF, { datasetId: core.dataset({ renewable: true }) });
  const client = core.client(job);
  for (let i = 0; i < 100; i++) {
    core.heartbeat(client);
    collect(core, 1);
  }
  assertEquals([core.state.jobs.size, core.state.datasets.size], [1, 1]);
});

Deno.test("a job with a name is remembered for seven days, and its repetitions that are over with it", () => {
  const core = new TestCore();
  core.worker("a:1");
  const job = readOnce(core, "named");
  collect(core, 3);
  assertEquals([core.state.jobs.size, core.state.datasets.size], [1, 0], "it keeps no dataset alive");
  const late = core.client(core.job(ShardingPolicy.OFF, { name: "named" }));
  assertEquals(core.heartbeat(late), { tasks: [], finished: true, readers: 1 });
  core.release(late);
  collect(core, 1);
  collect(core, 1, NAMED_JOB_MS - 1);
  assertEquals(core.job(ShardingPolicy.OFF, { name: "named" }), job);
  collect(core, 1, 1);
  assertEquals(core.state.jobs.size, 0);
  const anew = core.job(ShardingPolicy.OFF, { name: "named" });
  assert(anew > job);
  assertEquals(
    core.heartbeat(core.client(anew)).finished,
    false,
    "under a forgotten name the data begins anew",
  );
});

Deno.test("a named job whose dataset was forgotten goes on with the one that a reader registers anew", () => {
  const core = new TestCore();
  core.worker("a:1");
  const job = readOnce(core, "named");
  collect(core, 3);
  assertThrows(() => core.client(job, { repetition: 1 }), NotFoundError, "Dataset id 1000 not found");
  const datasetId = core.dataset({ renewable: true });
  assertEquals(core.job(ShardingPolicy.OFF, { name: "named", datasetId }), job);
  assertEquals(core.heartbeat(core.client(job, { repetition: 1 })).tasks.length, 1);
  assertEquals(core.state.jobs.get(job)!.datasetId, datasetId);
  assertEquals(core.replayed().state, core.state);
});

Deno.test("a dataset that was registered for others, or under a chosen id, stays", () => {
  const core = new TestCore();
  core.dataset();
  core.dataset({ datasetId: "chosen", renewable: true });
  collect(core, 10);
  assertEquals([...core.state.datasets.keys()], ["1000", "chosen"]);
});

Deno.test("the definition of datasets goes with the last of them", () => {
  const core = new TestCore();
  core.dataset({ renewable: true });
  core.dataset();
  collect(core, 3);
  assertEquals([core.state.datasets.size, core.state.definitions.size], [1, 1]);
});

Deno.test("what an unnamed DYNAMIC job left unfinished is given up after an hour, a named one's is not", () => {
  const core = new TestCore();
  for (const name of [null, "named"]) core.heartbeat(core.client(core.job(ShardingPolicy.DYNAMIC, { name })));
  core.now += 300_000;
  core.checkLiveness(); // They are silent, and did not take leave.
  core.now += 3_599_999;
  assertEquals(core.collect(), []);
  core.now += 1;
  assertEquals(core.collect(), [2000]);
  collect(core, 3, 1e9);
  assertEquals([...core.state.iterations.keys()], [2001]);
});

Deno.test("with a timeout of -1 nothing is forgotten by time", () => {
  const core = new TestCore({ jobGcTimeoutMs: -1 });
  core.worker("a:1");
  readOnce(core, null);
  collect(core, 3, 1e9);
  assertEquals([core.state.jobs.size, core.state.datasets.size, core.state.iterations.size], [1, 1, 1]);
});

/** The sizes of all maps, sets and arrays in a value, by their paths; `*` stands for every key. */
function sizes(value: unknown, path = "", found = new Map<string, number>()): Map<string, number> {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return found;
  const note = (size: number) => found.set(path, Math.max(size, found.get(path) ?? 0));
  if (value instanceof Map || value instanceof Set) {
    note(value.size);
    for (const part of value.values()) sizes(part, `${path}.*`, found);
  } else if (Array.isArray(value)) {
    note(value.length);
    for (const part of value) sizes(part, `${path}.*`, found);
  } else {
    for (const [key, part] of Object.entries(value)) sizes(part, path === "" ? key : `${path}.${key}`, found);
  }
  return found;
}

Deno.test("a week of 40,000 jobs coming and going leaves nothing behind but what is documented", () => {
  const core = new TestCore({ keepUpdates: false, workerTimeoutMs: 900_000 });
  const JOBS = 40_000;
  const EVERY = 7 * 24 * 3_600_000 / JOBS;
  const largest = new Map<string, number>();
  let silent = 0;
  for (let i = 0; i < JOBS; i++) {
    core.now += EVERY;
    if (i % 50 === 0) {
      // A fleet of three workers, one of which moves to another port every few hours without a word.
      for (const address of ["a:1", "b:1", `c:${Math.floor(i / 1_000)}`]) core.worker(address);
      core.checkLiveness();
      core.collect();
    }
    const name = i % 3 === 1 ? `job ${i}` : null;
    const policy = i % 2 === 0 ? ShardingPolicy.DYNAMIC : ShardingPolicy.OFF;
    const datasetId = core.dataset({ renewable: true, fingerprint: `definition ${i}`, requestId: `d${i}` });
    const job = core.job(policy, { name, datasetId, requestId: `j${i}`, randomName: `${i}` });
    const client = core.client(job, { requestId: `c${i}` });
    const { tasks } = core.heartbeat(client);
    if (policy === ShardingPolicy.DYNAMIC) {
      core.split({ taskId: tasks[0].taskId, repetition: 0, requestId: 1 });
    }
    // Most read to the end, some leave early, and a few fall silent.
    if (i % 5 !== 0) { for (const { address, taskId } of tasks) core.finish(address, taskId); }
    if (i % 50 === 7) silent++;
    else core.release(client);
    if (i % 5_000 === 4_999) {
      for (const [path, size] of sizes(core.state)) {
        largest.set(path, Math.max(size, largest.get(path) ?? 0));
      }
    }
  }
  assertEquals(silent, JOBS / 50);
  const most: Record<string, number> = {
    jobs: MAX_IDLE_JOBS + 2_000,
    jobsByName: MAX_IDLE_JOBS + 2_000,
    // Room is made when a job comes, not when one comes to rest.
    "idleJobs.named": MAX_IDLE_JOBS + 2_000,
    // What named DYNAMIC jobs left unfinished has a task on each worker.
    tasks: 3 * (MAX_ABANDONED_ITERATIONS + 500),
  };
  for (const [path, size] of largest) {
    const limit = most[path] ?? (path.startsWith("requests.") ? MAX_RECENT_REQUESTS / 2 : 2_000);
    assert(size <= limit, `${path} has grown to ${size}`);
  }
  // The limits were reached, so that they were tried.
  assert(largest.get("idleJobs.named")! > MAX_IDLE_JOBS - 100);
  assert(largest.get("abandoned")! > MAX_ABANDONED_ITERATIONS - 100);
});
