import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { InvalidArgumentError, NotFoundError } from "../../../src/base/mod.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { TestCore } from "../support.ts";

Deno.test("jobs get ids from 5000", () => {
  const core = new TestCore();
  assertEquals([core.job(ShardingPolicy.OFF), core.job(ShardingPolicy.OFF)], [5000, 5001]);
});

Deno.test("a job without a name gets one that nobody can guess", () => {
  const core = new TestCore();
  const id = core.job(ShardingPolicy.OFF, { randomName: "0123456789abcdef" });
  assertEquals(core.state.jobs.get(id)!.name, "anonymous_job_5000_0123456789abcdef");
  assertEquals(core.state.jobs.get(id)!.named, false);
});

Deno.test("a named job is found by its name, with its data", () => {
  const core = new TestCore();
  const options = { name: "test", numConsumers: 8, useCrossTrainerCache: true, datasetId: core.dataset() };
  const id = core.job(ShardingPolicy.OFF, options);
  assertEquals(core.job(ShardingPolicy.OFF, options), id);
  const { numConsumers, useCrossTrainerCache, policy } = core.state.jobs.get(id)!;
  assertEquals({ numConsumers, useCrossTrainerCache, policy }, {
    numConsumers: 8,
    useCrossTrainerCache: true,
    policy: ShardingPolicy.OFF,
  });
});

Deno.test("a job shares neither cache nor number of consumers unless asked to", () => {
  const core = new TestCore();
  const job = core.state.jobs.get(core.job(ShardingPolicy.DYNAMIC, { name: "plain" }))!;
  assertEquals([job.useCrossTrainerCache, job.numConsumers], [false, null]);
});

Deno.test("a named job with other parameters is refused with both sides of each", () => {
  const core = new TestCore();
  core.job(ShardingPolicy.OFF, { name: "test", useCrossTrainerCache: true });
  assertThrows(
    () => core.job(ShardingPolicy.DYNAMIC, { name: "test", targetWorkers: "ANY" }),
    InvalidArgumentError,
    "Tried to create job with name test, but found an existing job with different parameters: " +
      "Existing processing mode: <OFF>; got <DYNAMIC>. Existing cross-trainer cache: <enabled>; got <disabled>. " +
      "Existing target workers: <AUTO>; got <ANY>",
  );
});

Deno.test("the dataset and the number of consumers of a named job are not compared", () => {
  const core = new TestCore();
  const id = core.job(ShardingPolicy.OFF, { name: "test", numConsumers: 2 });
  assertEquals(core.job(ShardingPolicy.OFF, { name: "test", datasetId: core.dataset() }), id);
});

Deno.test("a job of a dataset that is not registered is not found", () => {
  assertThrows(
    () => new TestCore().job(ShardingPolicy.OFF, { datasetId: "nope" }),
    NotFoundError,
    "Dataset id nope not found",
  );
});

Deno.test("a repeated request makes no second job", () => {
  const core = new TestCore();
  const requestId = "0123456789abcdef";
  assertEquals(core.job(ShardingPolicy.OFF, { requestId }), core.job(ShardingPolicy.OFF, { requestId }));
  assertEquals(core.state.jobs.size, 1);
});

Deno.test("a guarantee that does not outlive the loss of a worker is not given", () => {
  const core = new TestCore();
  for (const policy of [ShardingPolicy.OFF, ShardingPolicy.DYNAMIC, ShardingPolicy.DATA]) {
    const error = assertThrows(
      () => core.job(policy, { requireExactlyOnce: true }),
      InvalidArgumentError,
    );
    assertMatch(error.message, /^Cannot promise `guarantee` "exactly-once": /);
  }
  assertEquals(core.state.jobs.size, 0);
});

Deno.test("the guarantee of a job follows from its policy", () => {
  const core = new TestCore();
  const guarantee = (policy: ShardingPolicy, options = {}) =>
    core.state.jobs.get(core.job(policy, options))!.guarantee;
  assertEquals(guarantee(ShardingPolicy.OFF), "none");
  assertEquals(guarantee(ShardingPolicy.DYNAMIC), "exactly-once");
  assertEquals(guarantee(ShardingPolicy.FILE), "exactly-once");
  assertEquals(guarantee(ShardingPolicy.HINT), "exactly-once");
  assertEquals(guarantee(ShardingPolicy.HINT, { undivided: true }), "none");
  assertEquals(guarantee(ShardingPolicy.DYNAMIC, { useCrossTrainerCache: true }), "at-most-once");
  assertEquals(guarantee(ShardingPolicy.DYNAMIC, { name: "round", numConsumers: 2 }), "none");
});
