import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FakeClock, SeededRandom, UnavailableError } from "../../src/base/mod.ts";
import { DispatcherCore } from "../../src/dispatcher/core/core.ts";
import { answer, type Context, type Decision } from "../../src/dispatcher/core/decision.ts";
import { Loop } from "../../src/dispatcher/loop.ts";
import type { Journal } from "../../src/dispatcher/mod.ts";
import { SETTINGS } from "./support.ts";

/** A loop over a journal whose appends end when the test says so. */
function slowLoop(own: Partial<Journal> = {}) {
  const appends: PromiseWithResolvers<void>[] = [];
  const journal: Journal = {
    durable: true,
    async *replay() {},
    append() {
      const append = Promise.withResolvers<void>();
      appends.push(append);
      return append.promise;
    },
    recover() {
      const recovery = Promise.withResolvers<void>();
      recoveries.push(recovery);
      return recovery.promise;
    },
    close: () => Promise.resolve(),
    ...own,
  };
  const recoveries: PromiseWithResolvers<void>[] = [];
  const executed: number[] = [];
  const clock = new FakeClock();
  const stopping = new AbortController();
  const failures: string[] = [];
  const loop = new Loop({
    core: new DispatcherCore(SETTINGS, { durable: true }),
    journal,
    clock,
    random: new SeededRandom(1),
    execute(commands) {
      executed.push(...commands.map((command) => command.taskId));
      return Promise.resolve();
    },
    onFailure: (error) => failures.push(error.message),
    onRecovery: () => failures.push("recovered"),
    signal: stopping.signal,
  });
  return { loop, appends, recoveries, executed, failures, clock, stopping };
}

function register({ now }: Context, address: string): Decision<string> {
  return {
    updates: [{
      type: "registerWorker",
      address,
      uid: "u",
      tags: [],
      formats: [],
      slot: null,
      firstFreeTaskId: 0,
      at: now,
    }],
    reply: (state) => [...state.workers.keys()].join(),
    commands: [{ kind: "pushTask", taskId: 1 }],
  };
}

function list({ state }: Context): Decision<string> {
  return answer([...state.workers.keys()].join());
}

/** Lets promises that can settle do so. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("a reply and the commands wait until the updates are durable", async () => {
  const { loop, appends, executed } = slowLoop();
  let reply = "";
  const running = loop.run(register, "a").then((value) => reply = value);
  await settle();
  assertEquals([reply, executed], ["", []]);
  appends[0].resolve();
  await running;
  assertEquals([reply, executed], ["a", [1]]);
});

Deno.test("a reply that only looks waits for what it saw", async () => {
  const { loop, appends } = slowLoop();
  const first = loop.run(register, "a");
  let seen = "";
  const looking = loop.run(list, null).then((value) => seen = value);
  await settle();
  assertEquals(seen, "");
  appends[0].resolve();
  await Promise.all([first, looking]);
  assertEquals(seen, "a");
});

Deno.test("a reply is as old as its event, not as its release", async () => {
  const { loop, appends } = slowLoop();
  const first = loop.run(register, "a");
  const second = loop.run(register, "b");
  appends[0].resolve();
  appends[1].resolve();
  assertEquals([await first, await second], ["a", "a,b"]);
});

Deno.test("with nothing on its way to the journal, a reply does not wait", async () => {
  const { loop, appends } = slowLoop();
  assertEquals(await loop.run(list, null), "");
  assertEquals(appends.length, 0);
});

Deno.test("a refusal writes nothing", async () => {
  const { loop, appends } = slowLoop();
  await assertRejects(
    () =>
      loop.run(() => {
        throw new RangeError("no");
      }, null),
    RangeError,
    "no",
  );
  assertEquals(appends.length, 0);
});

Deno.test("when the journal fails, nobody gets a reply any more", async () => {
  const { loop, appends, executed, failures } = slowLoop();
  const first = loop.run(register, "a");
  const looking = loop.run(list, null);
  appends[0].reject(new Error("disk full"));
  const message = "Cannot go on: the journal failed: disk full";
  await assertRejects(() => first, UnavailableError, message);
  await assertRejects(() => looking, UnavailableError, message);
  await assertRejects(() => loop.run(list, null), UnavailableError, message);
  await assertRejects(() => loop.settled(), UnavailableError, message);
  assertEquals([executed, failures], [[], [message]]);
});

/** Needs to outlive the process alone. */
function registerHastily(context: Context, address: string): Decision<string> {
  return { ...register(context, address), outlives: "process", commands: [] };
}

Deno.test("what needs not outlive the machine is noted at once, when it is committed", async () => {
  const noted: unknown[] = [];
  const appends: PromiseWithResolvers<void>[] = [];
  const { loop } = slowLoop({
    append() {
      const append = Promise.withResolvers<void>();
      appends.push(append);
      return append.promise;
    },
    appendNow: (updates) => Boolean(noted.push(...updates)),
  });
  const { reply, commit } = loop.decide(registerHastily, "a");
  assertEquals([reply, noted.length], ["a", 0]);
  assertEquals([commit(), noted.length, loop.isSettled], [undefined, 1, true]);
  const slow = loop.run(register, "b");
  assertEquals(loop.isSettled, false);
  const behind = loop.run(registerHastily, "c");
  assertEquals([noted.length, appends.length], [1, 2]);
  appends.forEach(({ resolve }) => resolve());
  assertEquals([await slow, await behind], ["a,b", "a,b,c"]);
});

Deno.test("a journal that fails at once fails for all", async () => {
  const { loop, failures } = slowLoop({
    appendNow() {
      throw new Error("disk full");
    },
  });
  const { commit } = loop.decide(registerHastily, "a");
  const message = "Cannot go on: the journal failed: disk full";
  assertThrows(commit, UnavailableError, message);
  await assertRejects(() => loop.run(list, null), UnavailableError, message);
  assertEquals(failures, [message]);
});

Deno.test("what is refused while the journal fails is kept and done when it goes on, and nothing is decided meanwhile", async () => {
  const { loop, appends, recoveries, executed, failures, clock } = slowLoop();
  const first = loop.run(register, "a");
  appends[0].reject(new Error("disk full"));
  await assertRejects(() => first, UnavailableError);
  await assertRejects(() => loop.run(register, "b"), UnavailableError, "disk full");
  assertEquals(appends.length, 1);
  await clock.advance(100);
  assertEquals(recoveries.length, 1);
  recoveries[0].reject(new Error("still full"));
  await clock.advance(10);
  await assertRejects(() => loop.run(list, null), UnavailableError, "disk full");
  await clock.advance(200);
  recoveries[1].resolve();
  await clock.advance(0);
  assertEquals(executed, [1]);
  assertEquals(failures, ["Cannot go on: the journal failed: disk full", "recovered"]);
  assertEquals(await loop.run(list, null), "a");
});

Deno.test("a journal is not tried again once the dispatcher stops", async () => {
  const { loop, appends, recoveries, clock, stopping } = slowLoop();
  const first = loop.run(register, "a");
  appends[0].reject(new Error("disk full"));
  await assertRejects(() => first, UnavailableError);
  stopping.abort();
  await clock.advance(60_000);
  assertEquals([recoveries.length, clock.pending], [0, 0]);
});

Deno.test("settled waits for everything on its way to the journal", async () => {
  const { loop, appends } = slowLoop();
  const runs = [loop.run(register, "a"), loop.run(register, "b")];
  let settled = false;
  const settling = loop.settled().then(() => settled = true);
  appends[0].resolve();
  await settle();
  assertEquals(settled, false);
  appends[1].resolve();
  await settling;
  await Promise.all(runs);
});
