/** What is answered beside the router, against the router as its model. */

import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { assertEquals, assertNotEquals } from "@std/assert";
import {
  ClientHeartbeatRequestSchema,
  ClientHeartbeatResponseSchema,
  GetSplitRequestSchema,
  WorkerHeartbeatRequestSchema,
} from "../../src/gen/sluice/v1/dispatcher_pb.ts";
import { ShardingPolicy } from "../../src/graph/mod.ts";
import { mountServices } from "../../src/rpc/mod.ts";
import { Cluster } from "./cluster.ts";

function both(cluster: Cluster) {
  const { dispatcher } = cluster;
  const stock = mountServices((router) => dispatcher.routes(router));
  let taken = 0;
  const plain = mountServices((router) => dispatcher.routes(router), {
    plain: dispatcher.plainMethods().map(({ path, answer }) => ({
      path,
      answer(message, signal) {
        taken++;
        return answer(message, signal);
      },
    })),
  });
  /** The answer of both, which must be one. */
  async function ask<T extends DescMessage>(name: string, schema: T, init: MessageInitShape<T>) {
    const body = toBinary(schema, create(schema, init));
    const answers = [];
    for (const handle of [stock, plain]) {
      const response = await handle(
        new Request(`http://dispatcher:1/sluice.v1.DispatcherService/${name}`, {
          method: "POST",
          body,
          headers: { "content-type": "application/proto", "content-length": String(body.length) },
        }),
      )!;
      answers.push({ status: response.status, bytes: await response.bytes() });
    }
    assertEquals(answers[1], answers[0]);
    return answers[1];
  }
  return { ask, taken: () => taken };
}

Deno.test("heartbeats and splits beside the router are answered as by the router", async () => {
  await using cluster = await Cluster.start();
  const { ask, taken } = both(cluster);
  const worker = { workerAddress: "a:1", workerUid: "uid", formats: ["sluice"], workerTags: ["COLOCATED"] };
  assertEquals((await ask("WorkerHeartbeat", WorkerHeartbeatRequestSchema, worker)).status, 200);
  assertEquals(
    (await ask("WorkerHeartbeat", WorkerHeartbeatRequestSchema, { ...worker, workerUid: "" })).status,
    400,
  );
  const { iterationClientId, state } = await cluster.join(await cluster.job(ShardingPolicy.DYNAMIC));
  await ask("WorkerHeartbeat", WorkerHeartbeatRequestSchema, { ...worker, currentTasks: [7n] });
  for (const id of [iterationClientId, 1n, 2n ** 64n - 1n]) {
    await ask("ClientHeartbeat", ClientHeartbeatRequestSchema, { iterationClientId: id });
  }
  const { iterationId, taskId } = state!.tasks[0];
  const split = { iterationId, taskId, sourceIndex: 0, repetition: 0n, requestId: 1n };
  for (const change of [{}, { requestId: 2n }, { requestId: 0n }, { sourceIndex: 9, requestId: 3n }]) {
    await ask("GetSplit", GetSplitRequestSchema, { ...split, ...change });
  }
  await ask("GetSplit", GetSplitRequestSchema, { ...split, iterationId: 1n });
  assertEquals(taken(), 11);
});

Deno.test("a reader that has the present list of tasks is not sent it again, until it changes", async () => {
  await using cluster = await Cluster.start();
  const { ask } = both(cluster);
  await cluster.heartbeat("a:1");
  const { iterationClientId, state } = await cluster.join(await cluster.job(ShardingPolicy.OFF));
  async function beat(knownTasksTag: bigint) {
    const request = { iterationClientId, knownTasksTag };
    const { bytes } = await ask("ClientHeartbeat", ClientHeartbeatRequestSchema, request);
    return fromBinary(ClientHeartbeatResponseSchema, bytes);
  }
  const first = await beat(0n);
  assertEquals([first.tasks.length, first.tasksUnchanged], [1, false]);
  assertEquals(first.tasksTag, state!.tasksTag, "joining names the same list");
  const second = await beat(first.tasksTag);
  assertEquals([second.tasks.length, second.tasksUnchanged], [0, true]);
  assertEquals(second.tasksTag, first.tasksTag);
  assertEquals(second.deploymentMode, first.deploymentMode);
  await cluster.heartbeat("b:1");
  const third = await beat(first.tasksTag);
  assertEquals([third.tasks.length, third.tasksUnchanged], [2, false]);
  assertNotEquals(third.tasksTag, first.tasksTag);
});
