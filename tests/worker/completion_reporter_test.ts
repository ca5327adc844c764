import { assertEquals, assertRejects } from "@std/assert";
import { FakeClock, NotFoundError, silentLog, UnavailableError } from "../../src/base/mod.ts";
import { CompletionReporter } from "../../src/worker/completion_reporter.ts";

function setup(answers: (Error | null)[]) {
  const clock = new FakeClock();
  const unreported = new Set([1n, 2n]);
  const sent: bigint[] = [];
  const reporter = new CompletionReporter({
    send: (taskId) => {
      sent.push(taskId);
      const answer = answers.shift() ?? null;
      return answer ? Promise.reject(answer) : Promise.resolve();
    },
    unreported: () => [...unreported],
    onReported: (taskId) => void unreported.delete(taskId),
    clock,
    log: silentLog,
  });
  return { clock, unreported, sent, reporter, signal: new AbortController().signal };
}

Deno.test("who asks waits for the report that is on its way", async () => {
  const { sent, reporter, unreported, signal } = setup([]);
  reporter.report(1n);
  await reporter.told(1n, signal);
  assertEquals([sent, [...unreported]], [[1n], [2n]]);
  await reporter.told(1n, signal);
  assertEquals(sent, [1n]);
});

Deno.test("a report that fails is repeated, and who waits for it is told to ask again", async () => {
  const { clock, sent, reporter, unreported, signal } = setup([new UnavailableError("away")]);
  await assertRejects(() => reporter.told(1n, signal), UnavailableError, "away");
  assertEquals(unreported.has(1n), true);
  await clock.advance(2_000);
  assertEquals([[...unreported], sent], [[], [1n, 1n, 2n]]);
  assertEquals(clock.pending, 0);
});

Deno.test("a dispatcher that does not know the task is not asked again", async () => {
  const { clock, sent, reporter, unreported, signal } = setup([new NotFoundError("Task 1 not found")]);
  await reporter.told(1n, signal);
  assertEquals([[...unreported], sent, clock.pending], [[2n], [1n], 0]);
});

Deno.test("nothing is repeated after the stop", async () => {
  const { clock, reporter, signal } = setup([new UnavailableError("away"), new UnavailableError("away")]);
  await assertRejects(() => reporter.told(1n, signal), UnavailableError);
  reporter.stop();
  assertEquals(clock.pending, 0);
  await assertRejects(() => reporter.told(1n, signal), UnavailableError);
  assertEquals(clock.pending, 0);
});
