import { assertEquals, assertRejects } from "@std/assert";
import {
  CanceledError,
  FailedPreconditionError,
  FakeClock,
  InternalError,
  NotFoundError,
  UnavailableError,
} from "../../../src/base/mod.ts";
import type { WireBatch } from "../../../src/rpc/mod.ts";
import { readElementResponse, structureOfSpec } from "../../../src/tensorflow/elements/mod.ts";
import type { ServedTasks } from "../../../src/tensorflow/worker/served_tasks.ts";
import { TaskElements } from "../../../src/tensorflow/worker/task_elements.ts";
import type { Acknowledgement } from "../../../src/worker/mod.ts";
import { batchOf, EMPTY_BATCH } from "../../worker/support/wire_batch.ts";

const EMPTY: WireBatch = { ...EMPTY_BATCH, sessionId: "session" };

/** A block of numbers. */
function block(sequence: number, ...numbers: number[]): WireBatch {
  return { ...batchOf(numbers, sequence), sessionId: "session" };
}

/** The elements of a task that sends these batches and then nothing. */
function elementsOf(...batches: (WireBatch | Error)[]): {
  next: () => Promise<unknown>;
  clock: FakeClock;
  acknowledged: Acknowledgement[];
  over: () => boolean;
} {
  const clock = new FakeClock();
  const acknowledged: Acknowledgement[] = [];
  let isOver = false;
  const tasks: ServedTasks = {
    async *openStream(_task, _request, signal) {
      for (const batch of batches) {
        if (batch instanceof Error) throw batch;
        yield batch;
      }
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
    acknowledge: (_task, acknowledgement) => Promise.resolve(void acknowledged.push(acknowledgement)),
    getElements: () => Promise.reject(new Error("No coordinated read")),
    running: () => [],
    elementSpec: () => Promise.resolve({ kind: "number" }),
  };
  const elements = new TaskElements({
    tasks,
    taskId: 1n,
    trainerId: "",
    clientId: 7n,
    clock,
    onOver: () => isOver = true,
  });
  const { signal } = new AbortController();
  return {
    async next() {
      const chunks = await elements.next(false, () => signal);
      const answer = await readElementResponse(
        Uint8Array.from(chunks.flatMap((chunk) => [...chunk])),
        structureOfSpec({ kind: "number" }),
      );
      return answer.kind === "element" ? answer.element : answer.kind;
    },
    clock,
    acknowledged,
    over: () => isOver,
  };
}

Deno.test("a block is taken when an element beyond it is asked for, and all of them before the end is said", async () => {
  const { next, acknowledged, over } = elementsOf(EMPTY, block(0, 1, 2), block(1, 3), {
    ...EMPTY,
    sequence: 2,
    endOfSequence: true,
  });
  assertEquals([await next(), await next()], [1, 2]);
  assertEquals(acknowledged, []);
  assertEquals(await next(), 3);
  assertEquals(acknowledged.map(({ taken, release }) => [taken, release]), [[1, false]]);
  assertEquals(await next(), "end");
  assertEquals(acknowledged.map(({ taken }) => taken), [1, 2]);
  assertEquals(over(), true);
});

Deno.test("what nobody asks for any more goes to others: the rest of a block that was begun, too", async () => {
  const { next, clock, acknowledged, over } = elementsOf(EMPTY, block(0, 1, 2, 3));
  assertEquals(await next(), 1);
  await clock.advance(59_000);
  assertEquals(await next(), 2);
  await clock.advance(59_000);
  assertEquals(over(), false);
  await clock.advance(2_000);
  assertEquals(over(), true);
  assertEquals(acknowledged.map(({ taken, takenWithin, release }) => [taken, takenWithin, release]), [[
    0,
    2,
    true,
  ]]);
  await assertRejects(next, UnavailableError, "ask again");
  assertEquals(clock.pending, 0);
});

Deno.test("an error of the pipeline is taken, and never one that a client would try again for ever", async () => {
  const cases = [["not_found", NotFoundError], ["unavailable", InternalError], [
    "out_of_range",
    InternalError,
  ]] as const;
  for (const [code, ErrorClass] of cases) {
    const error = { code, message: "no such file", errorClass: "" };
    const { next, acknowledged, over } = elementsOf(EMPTY, block(0, 1), { ...EMPTY, sequence: 1, error });
    assertEquals(await next(), 1);
    await assertRejects(next, ErrorClass, "no such file");
    assertEquals(over(), true);
    assertEquals(acknowledged.at(-1), {
      clientId: 7n,
      sessionId: "session",
      taken: 2,
      takenWithin: 0,
      limit: 5,
      release: true,
    });
  }
});

Deno.test("a task that the dispatcher has ended is over; a worker that stops is asked again", async () => {
  await assertRejects(
    elementsOf(new CanceledError("Task 1 has been ended")).next,
    FailedPreconditionError,
    "ended",
  );
  await assertRejects(
    elementsOf(new UnavailableError("Worker is shutting down")).next,
    UnavailableError,
    "shutting",
  );
});
