import { assertEquals } from "@std/assert";
import { addressTask } from "../../../src/dispatcher/core/address_task.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { TestCore } from "../support.ts";

/** A worker with task 4000, and the client that reads it. */
function oneTask(): { core: TestCore; client: number; seen: () => (readonly string[])[] } {
  const core = new TestCore();
  core.worker("a:1");
  const client = core.client(core.job(ShardingPolicy.OFF));
  return { core, client, seen: () => core.heartbeat(client).tasks.map((task) => task.dataAddresses) };
}

Deno.test("a task is read at its worker's address until the worker names others", () => {
  const { core, seen } = oneTask();
  assertEquals(seen(), [[]]);
  core.run(addressTask, { taskId: 4000, address: "a:1", dataAddresses: ["unix:/x", "http://a:7"] });
  assertEquals(seen(), [["unix:/x", "http://a:7"]]);
});

Deno.test("addresses come with heartbeats too, and only what is new is written", () => {
  const { core, seen } = oneTask();
  const taskAddresses = [{ taskId: 4000, dataAddresses: ["http://a:7"] }, {
    taskId: 17,
    dataAddresses: ["x"],
  }];
  core.worker("a:1", { taskAddresses });
  assertEquals(seen(), [["http://a:7"]]);
  const before = core.updates.length;
  core.worker("a:1", { taskAddresses });
  assertEquals(core.updates.length, before);
  core.worker("a:1", { taskAddresses: [{ taskId: 4000, dataAddresses: [] }] });
  assertEquals(seen(), [[]]);
});

Deno.test("a worker names no addresses of others' tasks, nor of ended ones", () => {
  const { core, seen } = oneTask();
  core.worker("b:1");
  core.run(addressTask, { taskId: 4000, address: "b:1", dataAddresses: ["http://b:7"] });
  assertEquals(seen()[0], []);
  core.finish("a:1", 4000);
  core.run(addressTask, { taskId: 4000, address: "a:1", dataAddresses: ["http://a:7"] });
  assertEquals(seen()[0], []);
});

Deno.test("the addresses of a worker's former process are forgotten", () => {
  const { core, seen } = oneTask();
  core.run(addressTask, { taskId: 4000, address: "a:1", dataAddresses: ["http://a:7"] });
  core.worker("a:1", { uid: "a:1#2", currentTasks: [] });
  assertEquals(seen(), [[]]);
});
