/** The cases of the reference's `dispatcher_state_test`, each under its name. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { FailedPreconditionError, InternalError, NotFoundError } from "../../../src/base/mod.ts";
import { apply } from "../../../src/dispatcher/core/apply.ts";
import { getDataset, getWorkers } from "../../../src/dispatcher/core/read_only.ts";
import { createState } from "../../../src/dispatcher/core/state.ts";
import { taskDefinition } from "../../../src/dispatcher/core/task_view.ts";
import type { Update } from "../../../src/dispatcher/core/updates.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { TestCore } from "../support.ts";

function test(name: string, body: () => void): void {
  Deno.test(`dispatcher_state_test ${name}`, body);
}

const metadata = { elementSpec: new Uint8Array([1, 2, 3]), compression: 2, cardinality: -2 };

test("RegisterDataset: the next id grows by one, and nothing is known of the data unless it is stated", () => {
  const core = new TestCore();
  const nothing = { elementSpec: new Uint8Array(), compression: 0, cardinality: -2 };
  assertEquals(core.dataset({ metadata: nothing }), "1000");
  assertEquals(core.state.next.dataset, 1001);
  assertEquals(core.run(getDataset, "1000").metadata, nothing);
});

test("RegisterDatasetWithExplicitID: the chosen id names the dataset, also when it comes again", () => {
  const core = new TestCore();
  assertEquals(core.dataset({ datasetId: "dataset_id" }), "dataset_id");
  assertEquals(core.dataset({ datasetId: "dataset_id" }), "dataset_id");
  assertEquals(core.run(getDataset, "dataset_id").id, "dataset_id");
});

test("RegisterDatasetsWithDifferentIDs: each id has its dataset", () => {
  const core = new TestCore();
  core.dataset({ datasetId: "a", fingerprint: "one" });
  core.dataset({ datasetId: "b", fingerprint: "two" });
  assertEquals(["a", "b"].map((id) => core.run(getDataset, id).fingerprint), ["one", "two"]);
});

test("RegisterDatasetCompression and RegisterDatasetElementSpec: what was stated is kept", () => {
  const core = new TestCore();
  assertEquals(core.run(getDataset, core.dataset({ metadata })).metadata, metadata);
});

test("MissingDatasetId: NotFound with the id", () => {
  assertThrows(
    () => new TestCore().run(getDataset, "missing"),
    NotFoundError,
    "Dataset id missing not found",
  );
});

test("NextAvailableDatasetId: it changes only by a registration", () => {
  const core = new TestCore();
  assertEquals([core.state.next.dataset, core.state.next.dataset], [1000, 1000]);
  core.dataset();
  assertEquals([core.state.next.dataset, core.state.next.dataset], [1001, 1001]);
});

test("RegisterWorker: a worker is found by its address", () => {
  const core = new TestCore();
  core.worker("address");
  assertEquals(core.state.workers.get("address")!.address, "address");
});

test("RegisterWorkerInFixedWorkerSet: hosts without a port take any", () => {
  const core = new TestCore({ workerAddresses: ["/worker/task/0", "/worker/task/1", "/worker/task/2"] });
  for (const i of [0, 1, 2]) core.worker(`/worker/task/${i}:2000${i}`);
  assertEquals([...core.state.workers.values()].map(({ slot }) => slot), [0, 1, 2]);
});

test("RegisterInvalidWorkerInFixedWorkerSet: FailedPrecondition, and the worker is not there", () => {
  const core = new TestCore({ workerAddresses: ["/worker/task/0", "/worker/task/1"] });
  assertThrows(
    () => core.worker("localhost:20000"),
    FailedPreconditionError,
    "The worker's address is not configured",
  );
  assertEquals(core.state.workers.has("localhost:20000"), false);
});

test("ListWorkers and GetNumberOfRegisteredWorkers: those that came, in their order", () => {
  const core = new TestCore();
  const listed = () => core.run(getWorkers, null).map(({ address }) => address);
  assertEquals(listed(), []);
  core.worker("a");
  assertEquals(listed(), ["a"]);
  core.worker("b");
  assertEquals(listed(), ["a", "b"]);
  assertEquals(core.state.workers.size, 2);
});

test("MissingWorker: an update that names it is refused", () => {
  const update: Update = { type: "loseWorker", address: "missing", at: 0 };
  assertThrows(() => apply(createState(), update), InternalError, 'worker "missing" is not known');
});

test("UnknownUpdate: an internal error", () => {
  const update = JSON.parse('{"type":"none"}') as Update;
  assertThrows(() => apply(createState(), update), InternalError);
});

test("JobName: a job is found by its name, the id grows, and it has no cache unless asked for", () => {
  const core = new TestCore();
  const job = core.job(ShardingPolicy.OFF, { name: "job_name" });
  assertEquals(core.state.next.job, job + 1);
  assertEquals(core.state.jobsByName.get("job_name"), job);
  const { name, useCrossTrainerCache } = core.state.jobs.get(job)!;
  assertEquals({ name, useCrossTrainerCache }, { name: "job_name", useCrossTrainerCache: false });
});

test("JobData: number of consumers and cache are kept", () => {
  const core = new TestCore();
  const job = core.job(ShardingPolicy.OFF, { name: "job", numConsumers: 8, useCrossTrainerCache: true });
  const { numConsumers, useCrossTrainerCache } = core.state.jobs.get(job)!;
  assertEquals({ numConsumers, useCrossTrainerCache }, { numConsumers: 8, useCrossTrainerCache: true });
});

test("CrossTrainerCacheTask: the flag is reachable from a task", () => {
  const core = new TestCore();
  core.worker("a");
  core.client(core.job(ShardingPolicy.OFF, { name: "job", useCrossTrainerCache: true }));
  const [task] = core.state.tasks.values();
  assertEquals(taskDefinition(core.state, task).useCrossTrainerCache, true);
});

test("CreateTask: a task is found by its id, its iteration and its worker", () => {
  const core = new TestCore();
  core.worker("a");
  core.client(core.job(ShardingPolicy.OFF));
  const task = core.state.tasks.get(4000)!;
  assertEquals([task.iterationId, task.address, core.state.next.task], [2000, "a", 4001]);
  assertEquals([...core.state.iterations.get(2000)!.tasks], [4000]);
  assertEquals(core.tasksOn("a"), [4000]);
});

test("CreateTasksForSameIteration and CreateTasksForDifferentWorkers: one on each worker", () => {
  const core = new TestCore();
  for (const address of ["a", "b"]) core.worker(address);
  core.client(core.job(ShardingPolicy.OFF));
  assertEquals([...core.state.iterations.get(2000)!.tasks], [4000, 4001]);
  assertEquals([core.tasksOn("a"), core.tasksOn("b")], [[4000], [4001]]);
});

test("CreateTasksForDifferentIterations and CreateTasksForSameWorker: each iteration has its own", () => {
  const core = new TestCore();
  core.worker("a");
  for (const _ of [0, 1]) core.client(core.job(ShardingPolicy.OFF));
  assertEquals([...core.state.iterations.values()].map(({ tasks }) => [...tasks]), [[4000], [4001]]);
  assertEquals(core.tasksOn("a"), [4000, 4001]);
});

test("GetTasksForWorkerEmpty: no task is an empty list and no error", () => {
  const core = new TestCore();
  assertEquals(core.worker("a"), { newTasks: [], tasksToDelete: [] });
});

test("FinishTask: task and iteration are finished", () => {
  const core = new TestCore();
  core.worker("a");
  const client = core.client(core.job(ShardingPolicy.OFF));
  assertEquals(core.heartbeat(client).finished, false);
  core.finish("a", 4000);
  assertEquals(core.state.tasks.get(4000)!.finished, true);
  assertEquals(core.heartbeat(client).finished, true);
});

test("FinishMultiTaskIteration: an iteration is finished after the last of its tasks only", () => {
  const core = new TestCore();
  for (const address of ["a", "b"]) core.worker(address);
  const client = core.client(core.job(ShardingPolicy.OFF));
  core.finish("a", 4000);
  assertEquals(core.heartbeat(client).finished, false);
  core.finish("b", 4001);
  assertEquals(core.heartbeat(client).finished, true);
});

test("AcquireIterationClientId: the iteration counts its clients", () => {
  const core = new TestCore();
  const job = core.job(ShardingPolicy.OFF);
  assertEquals(core.client(job), 3000);
  assertEquals(core.state.iterations.get(2000)!.clients, 1);
  assertEquals(core.client(job), 3001);
  assertEquals(core.state.iterations.get(2000)!.clients, 2);
});

test("ReleaseIterationClientId: the count falls, the time is kept, and the client is not found", () => {
  const core = new TestCore();
  const client = core.client(core.job(ShardingPolicy.OFF, { name: "shared" }));
  core.release(client);
  const { clients, lastReleasedAt } = core.state.iterations.get(2000)!;
  assertEquals([clients, lastReleasedAt], [0, core.now]);
  assertThrows(() => core.heartbeat(client), NotFoundError, "Iteration client id not found");
  assertThrows(() => core.release(client), NotFoundError, `Iteration client id not found: ${client}`);
});

test("ListActiveClientsEmpty and ListActiveClients: a released one is missing", () => {
  const core = new TestCore();
  assertEquals(core.state.clients.size, 0);
  const job = core.job(ShardingPolicy.OFF);
  const [first, second, third] = [core.client(job), core.client(job), core.client(job)];
  core.release(second);
  assertEquals([...core.state.clients.keys()], [first, third]);
});

Deno.test("data_service_ops_test testDontGcUsedJob: a task goes only with the last reader of its job", () => {
  const core = new TestCore({ jobGcTimeoutMs: 20 });
  core.worker("a");
  const one = core.client(core.job(ShardingPolicy.OFF, { name: "test1" }));
  const job = core.job(ShardingPolicy.OFF, { name: "test2" });
  const [first] = [core.client(job), core.client(job)];
  assertEquals(core.tasksOn("a").length, 2);
  core.release(one);
  core.release(first);
  for (let i = 0; i < 100; i++) {
    core.now += 20;
    core.collect();
    assertEquals(core.tasksOn("a").length, 1);
  }
});

Deno.test("data_service_ops_test testDontGcJobsWithVisitationGuarantees: of two that were left only OFF is collected", () => {
  const core = new TestCore({ jobGcTimeoutMs: 20 });
  core.worker("a");
  for (const policy of [ShardingPolicy.OFF, ShardingPolicy.DYNAMIC]) {
    core.release(core.client(core.job(policy, { name: ShardingPolicy[policy] })));
  }
  for (let i = 0; i < 100; i++) {
    core.now += 20;
    core.collect();
    assertEquals(core.tasksOn("a"), [4001]);
  }
});

Deno.test("data_service_ops_test testSharedJobNameMultiIteration: who joins a repetition late finds it empty", () => {
  const core = new TestCore();
  core.worker("a");
  const job = () => core.job(ShardingPolicy.OFF, { name: "shared" });
  for (const repetition of [0, 1]) {
    const first = core.client(job(), { repetition });
    core.finish("a", ...core.tasksOn("a"));
    core.release(first);
    const second = core.client(job(), { repetition });
    assertEquals(core.heartbeat(second), { tasks: [], finished: true, readers: 1 });
    core.release(second);
  }
});

Deno.test("data_service_test DispatcherStateExport: what is told of an anonymous job", () => {
  const core = new TestCore();
  core.worker("a");
  core.client(core.job(ShardingPolicy.OFF));
  const [job] = core.state.jobs.values();
  const [iteration] = core.state.iterations.values();
  assertEquals(job.datasetId, "1000");
  assert(job.name.includes("anonymous_job"));
  assertEquals([iteration.clients, iteration.finished], [1, false]);
});
