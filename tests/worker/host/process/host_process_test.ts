import { assertEquals, assertInstanceOf } from "@std/assert";
import { FakeClock, InternalError, ResourceExhaustedError, silentLog } from "../../../../src/base/mod.ts";
import { HostProcess } from "../../../../src/worker/host/process/host_process.ts";
import type { FromProcess, SentDefinition } from "../../../../src/worker/host/process/messages.ts";
import type { Ending } from "../../../../src/worker/host/process/subprocess.ts";
import { Lines } from "./memory_process.ts";

const MARK = "\u0001mark ";
const TASK: SentDefinition = {
  taskId: "7",
  iterationId: "1",
  datasetId: "d",
  policy: 0,
  repetition: 0,
  numWorkers: 0,
  workerIndex: 0,
  numConsumers: null,
  useCrossTrainerCache: false,
  compression: "AUTO",
};

/** A process that the test plays. */
class Played {
  readonly clock = new FakeClock();
  readonly output = new Lines();
  readonly errors = new Lines();
  readonly ending = Promise.withResolvers<Ending>();
  readonly sent: { kind: string; id?: number }[] = [];
  readonly printed: string[] = [];
  readonly signals: string[] = [];
  isInputClosed = false;
  readonly host = new HostProcess({
    process: {
      pid: 1,
      send: (line) => void this.sent.push(JSON.parse(line)),
      output: this.output.all,
      errors: this.errors.all,
      ended: this.ending.promise,
      closeInput: () => void (this.isInputClosed = true),
      kill: (signal) => {
        this.signals.push(signal);
        this.end({ code: 137, signal });
      },
    },
    setup: {
      mark: MARK,
      hostname: "127.0.0.1",
      socketPath: null,
      settings: { lanes: 1, crossTrainerCacheSizeBytes: 1 },
    },
    clock: this.clock,
    log: silentLog,
    watchdogMs: 4_000,
    heapLimitMb: 512,
    onPrinted: (line) => void this.printed.push(line),
  });

  say(message: FromProcess): void {
    this.output.write(MARK + JSON.stringify(message));
  }

  end(ending: Ending, ...lastWords: string[]): void {
    for (const line of lastWords) this.errors.write(line);
    this.output.close();
    this.errors.close();
    this.ending.resolve(ending);
  }

  /** Answers pings for `turns` seconds. */
  async live(turns: number): Promise<void> {
    for (let i = 0; i < turns; i++) {
      await this.clock.advance(1_000);
      const id = this.sent.findLast(({ kind }) => kind === "ping")?.id;
      if (id) this.say({ kind: "pong", id });
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
}

/** Why a process ended that ended so. */
async function reasonOf(ending: Ending, ...lastWords: string[]): Promise<Error | null> {
  const played = new Played();
  played.say({ kind: "ready", port: 5 });
  await played.host.ready;
  played.end(ending, ...lastWords);
  return await played.host.ended;
}

Deno.test("a process is set up, says its port, and gets its task", async () => {
  const played = new Played();
  played.say({ kind: "ready", port: 5 });
  assertEquals(await played.host.ready, 5);
  played.host.begin(TASK, {
    answer: () => Promise.resolve(null),
    readers: () => {},
    noted: () => {},
    completed: () => {},
    rested: () => {},
  });
  assertEquals(played.sent.map(({ kind }) => kind), ["setup", "begin"]);
  played.end({ code: 0, signal: null });
  await played.host.ended;
});

Deno.test("what user code prints is told from messages, even in the middle of a line", async () => {
  const played = new Played();
  played.output.write('{"kind":"ready","port":1}');
  played.output.write(`no end of line${MARK}{"kind":"ready","port":5}`);
  played.errors.write("a warning");
  assertEquals(await played.host.ready, 5);
  played.end({ code: 0, signal: null });
  await played.host.ended;
  assertEquals(played.printed.toSorted(), ["a warning", "no end of line", '{"kind":"ready","port":1}']);
});

Deno.test("questions are answered under their numbers, and refusals keep their codes", async () => {
  const played = new Played();
  played.host.begin(TASK, {
    answer: ({ method }) =>
      method === "graph" ? Promise.resolve("AAAA") : Promise.reject(new ResourceExhaustedError("no more")),
    readers: () => {},
    noted: () => {},
    completed: () => {},
    rested: () => {},
  });
  played.say({ kind: "ask", id: 1, asked: { method: "graph" } });
  played.say({ kind: "ask", id: 2, asked: { method: "told" } });
  played.end({ code: 0, signal: null });
  await played.host.ended;
  assertEquals(played.sent.slice(2) as unknown[], [
    { kind: "answer", id: 1, value: "AAAA" },
    { kind: "refusal", id: 2, error: { code: "resource_exhausted", message: "no more" } },
  ]);
});

Deno.test("the reason of an end is said", async () => {
  const cases: [Ending, string[], string, typeof InternalError | typeof ResourceExhaustedError][] = [
    [
      { code: 133, signal: "SIGTRAP" },
      ["# Fatal JavaScript out of memory: Reached heap limit", "#"],
      "out of memory (heap limit 512 MB)",
      ResourceExhaustedError,
    ],
    [{ code: 3, signal: null }, ["hello"], "user code called Deno.exit(3)", InternalError],
    [{ code: 0, signal: null }, [], "user code called Deno.exit(0)", InternalError],
    [{ code: 139, signal: "SIGSEGV" }, [], "killed by SIGSEGV", InternalError],
    [
      { code: 1, signal: null },
      ["error: Uncaught (in promise) Error: boom", "    at x.ts:1"],
      "Uncaught (in promise) Error: boom",
      InternalError,
    ],
    [{ code: 1, signal: null }, ["error: Module not found"], "Module not found", InternalError],
  ];
  for (const [ending, lastWords, message, Class] of cases) {
    const reason = await reasonOf(ending, ...lastWords);
    assertInstanceOf(reason, Class);
    assertEquals(reason.message, `Task process ended: ${message}`);
  }
});

Deno.test("a process that takes its leave has ended as it should", async () => {
  const played = new Played();
  played.say({ kind: "leaving" });
  played.end({ code: 0, signal: null });
  assertEquals(await played.host.ended, null);
});

Deno.test("a process that answers lives; one that does not for the whole time is killed", async () => {
  const played = new Played();
  await played.clock.advance(20_000); // Silence before it has started is no silence.
  played.say({ kind: "ready", port: 5 });
  await played.host.ready;
  await played.live(20);
  assertEquals(played.signals, []);
  await played.clock.advance(3_000);
  assertEquals(played.signals, []);
  await played.clock.advance(2_000);
  assertEquals(played.signals, ["SIGKILL"]);
  assertEquals((await played.host.ended)?.message, "Task process ended: it did not answer for 4 s");
});

Deno.test("a process that does not start in a minute is killed", async () => {
  const played = new Played();
  await played.clock.advance(60_000);
  assertEquals(played.signals, ["SIGKILL"]);
  assertEquals((await played.host.ended)?.message, "Task process ended: it did not start within 60 s");
});

Deno.test("a stop asks first, then insists", async () => {
  const played = new Played();
  const stopped = played.host.stop(new Error("over"));
  assertEquals([played.sent.at(-1)?.kind, played.isInputClosed, played.signals], ["stop", true, []]);
  await played.clock.advance(500);
  assertEquals(played.signals, ["SIGTERM"]);
  await stopped;
  assertEquals(await played.host.ended, null);
});

Deno.test("a message that is none ends the process", async () => {
  const played = new Played();
  played.output.write(`${MARK}{"port":5}`);
  const reason = await played.host.ended;
  assertEquals(
    reason?.message,
    'Task process ended: Cannot read a message of a task\'s process: "{"port":5}"',
  );
});
