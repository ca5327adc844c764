import { assertEquals, assertThrows } from "@std/assert";
import { type WorkloadName, WORKLOADS } from "../programs/workloads.ts";
import type { Partner } from "./conversation.ts";
import { checkPass, nextCount, throughput } from "./throughput.ts";

/** A reader of a service that needs half a second to begin and a millisecond an element. */
function steadyReader(asked: number[]): Partner {
  return {
    pid: 0,
    ready: {},
    ask: (_kind, request) => {
      const { count, workload } = request as { count: number; workload: WorkloadName };
      asked.push(count);
      const report = {
        count,
        checksum: WORKLOADS[workload].checksum(count),
        firstSeconds: 0.5,
        seconds: 0.5 + count / 1000,
      };
      return Promise.resolve(report as never);
    },
  };
}

Deno.test("A pass is lengthened until it takes the time wanted, then every pass has the same length", async () => {
  const asked: number[] = [];
  const measure = await throughput(
    steadyReader(asked),
    { workload: "images", mode: "parallel_epochs" },
    3,
  );
  asked.length = 0;
  assertEquals([Math.round(await measure()), Math.round(await measure())], [857, 857]);
  assertEquals(asked.length, 2);
  assertEquals(asked[0], asked[1]);
  assertEquals(Math.abs(asked[0] - 3000) < 50, true);
});

Deno.test("Batches count for the elements in them", async () => {
  const measure = await throughput(steadyReader([]), { workload: "batches", mode: "parallel_epochs" }, 1);
  assertEquals(Math.round(await measure()), 170_667);
});

Deno.test("A pass is not lengthened without bound by one that was too short to tell", () => {
  assertEquals(nextCount(100, 0, 3), 3_000);
  assertEquals(nextCount(100, 1, 3), 300);
  assertEquals(nextCount(3, 100, 0.5), 2);
});

Deno.test("Elements that lack or are others fail the pass", () => {
  checkPass("scalars", 10, { count: 10, checksum: 90, firstSeconds: 0, seconds: 1 });
  assertThrows(
    () => checkPass("scalars", 10, { count: 9, checksum: 90, firstSeconds: 0, seconds: 1 }),
    Error,
    "Wrong elements",
  );
  assertThrows(
    () => checkPass("scalars", 10, { count: 10, checksum: 91, firstSeconds: 0, seconds: 1 }),
    Error,
    "Wrong elements",
  );
});

for (const [name, workload] of Object.entries(WORKLOADS)) {
  Deno.test(`The elements of "${name}" come to what its pass is checked against`, async () => {
    const count = name.startsWith("cpu") ? 3 : name === "large_batches" ? 2 : 300;
    let sum = 0;
    for await (const element of workload.build(count)) sum += workload.note(element as never);
    assertEquals(sum, workload.checksum(count));
  });
}
