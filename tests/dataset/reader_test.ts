import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { deferred, FakeClock, InvalidArgumentError, type MaybePromise } from "../../src/base/mod.ts";
import { checkReaderOptions, ExecutionReader } from "../../src/dataset/reader.ts";
import type { Execution, Progress } from "../../src/dataset/execution.ts";
import { DONE, type Pulled } from "../../src/executor/mod.ts";

/** An execution whose pulls the test answers, and that notes what happens to it. */
class Script {
  readonly log: string[] = [];
  signal?: AbortSignal;
  #pull: (index: number) => MaybePromise<Pulled<number>>;
  #close: () => MaybePromise<void>;
  #pulls = 0;

  constructor(
    pull: (index: number) => MaybePromise<Pulled<number>>,
    close: () => MaybePromise<void> = () => {},
  ) {
    this.#pull = pull;
    this.#close = close;
  }

  /** How many elements the reader has said to have given its program. */
  settled = 0;

  readonly open = (signal: AbortSignal, progress: () => Progress): Execution<number> => {
    this.log.push("open");
    this.signal = signal;
    return {
      iterator: {
        next: () => {
          this.log.push(`pull ${this.#pulls}`);
          return this.#pull(this.#pulls++);
        },
        close: () => {
          this.log.push(`close${signal.aborted ? " after abort" : ""}`);
          return this.#close();
        },
      },
      settle: () => void this.settled++,
      checkpoint: () => {
        const { taken, ended: finished } = progress();
        return { version: 2, pipeline: "x", taken, seed: 0, epoch: 0, finished, services: [], settled: "" };
      },
    };
  };
}

function readerOf(script: Script, signal?: AbortSignal): ExecutionReader<number> {
  return new ExecutionReader(script.open, { clock: new FakeClock(), signal });
}

const end = { done: true, value: undefined } as const;
const never = () => new Promise<never>(() => {});

Deno.test("an element is settled when the program gets it, and not if it comes too late", async () => {
  const late = deferred<number>();
  const script = new Script((i) => i < 2 ? i : late.promise);
  const reader = readerOf(script);
  await reader.next();
  await reader.next();
  const waiting = reader.next();
  const leaving = reader.return();
  late.resolve(2);
  assertEquals(await waiting, end);
  await leaving;
  assertEquals(script.settled, 2);
  const { taken, finished } = await reader.checkpoint();
  assertEquals([taken, finished], [2, false]);
  const whole = readerOf(new Script(() => DONE));
  await whole.next();
  assertEquals((await whole.checkpoint()).finished, true);
});

Deno.test("nothing is begun before the first next()", async () => {
  const script = new Script((i) => i);
  const reader = readerOf(script);
  assertEquals(script.log, []);
  assertEquals(await reader.next(), { done: false, value: 0 });
  assertEquals(script.log, ["open", "pull 0"]);
});

Deno.test("a reader that was never read has nothing to close", async () => {
  const script = new Script((i) => i);
  const reader = readerOf(script);
  assertEquals(await reader.return(), end);
  assertEquals(await reader.next(), end);
  assertEquals(script.log, []);
});

Deno.test("the end closes, and stays", async () => {
  const script = new Script((i) => i < 1 ? i : DONE);
  const reader = readerOf(script);
  assertEquals([await reader.next(), await reader.next(), await reader.next()], [
    { done: false, value: 0 },
    end,
    end,
  ]);
  assertEquals(script.log, ["open", "pull 0", "pull 1", "close after abort"]);
});

Deno.test("calls made at the same time are served one after the other, in their order", async () => {
  const answers = [0, 1, 2].map(() => Promise.withResolvers<Pulled<number>>());
  const script = new Script((i) => answers[i].promise);
  const reader = readerOf(script);
  const order: number[] = [];
  const results = [0, 1, 2].map((i) => reader.next().finally(() => order.push(i)));
  for (const [i, answer] of answers.entries()) {
    assertEquals(script.log.length, 2 + i, "the next pull begins after the one before");
    answer.resolve(i === 2 ? DONE : 10 + i);
    await results[i];
  }
  assertEquals(await Promise.all(results), [{ done: false, value: 10 }, { done: false, value: 11 }, end]);
  assertEquals(order, [0, 1, 2]);
});

Deno.test("calls that wait behind an error find the end", async () => {
  const answer = Promise.withResolvers<Pulled<number>>();
  const script = new Script(() => answer.promise);
  const reader = readerOf(script);
  const [first, second] = [reader.next(), reader.next()];
  answer.reject(new Error("broken"));
  await assertRejects(() => first, Error, "broken");
  assertEquals(await second, end);
});

Deno.test("an error, thrown or rejected, closes before it is thrown, and is the only one", async () => {
  for (
    const fail of [() => {
      throw new Error("broken");
    }, () => Promise.reject(new Error("broken"))]
  ) {
    const script = new Script(fail, () => Promise.reject(new Error("cannot close either")));
    const reader = readerOf(script);
    await assertRejects(() => reader.next(), Error, "broken");
    assertEquals(script.log, ["open", "pull 0", "close after abort"]);
    assertEquals(await reader.next(), end);
  }
});

Deno.test("an execution that cannot begin says why, once", async () => {
  const reader = new ExecutionReader<number>(() => {
    throw new InvalidArgumentError("cannot begin");
  }, { clock: new FakeClock() });
  await assertRejects(() => reader.next(), InvalidArgumentError, "cannot begin");
  assertEquals(await reader.next(), end);
});

Deno.test("leaving a loop closes and waits for it", async () => {
  const closing = Promise.withResolvers<void>();
  const script = new Script((i) => i, () => closing.promise);
  let left = false;
  const loop = (async () => {
    for await (const x of readerOf(script)) if (x === 2) break;
    left = true;
  })();
  while (!script.log.includes("close after abort")) await Promise.resolve();
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  assert(!left, "the loop ends when everything is closed");
  closing.resolve();
  await loop;
  assert(left);
});

Deno.test("await using closes, and closing twice closes once", async () => {
  const script = new Script((i) => i);
  {
    await using reader = readerOf(script);
    await reader.next();
    await Promise.all([reader.return(), reader.return()]);
  }
  assertEquals(script.log, ["open", "pull 0", "close after abort"]);
});

Deno.test("throw() closes and rejects with what it was given", async () => {
  const script = new Script((i) => i);
  const reader = readerOf(script);
  await reader.next();
  await assertRejects(() => reader.throw(new Error("mine")), Error, "mine");
  assertEquals(script.log, ["open", "pull 0", "close after abort"]);
});

Deno.test("return() ends calls that wait, even where the execution never answers", async () => {
  const script = new Script(never);
  const reader = readerOf(script);
  const waiting = [reader.next(), reader.next()];
  assertEquals(await reader.return(), end);
  assertEquals(await Promise.all(waiting), [end, end]);
  assertEquals(script.log, ["open", "pull 0", "close after abort"]);
});

Deno.test("return() tells of an execution that cannot be closed", async () => {
  const reader = readerOf(new Script((i) => i, () => Promise.reject(new Error("cannot close"))));
  await reader.next();
  await assertRejects(() => reader.return(), Error, "cannot close");
});

Deno.test("an aborted signal rejects calls that wait and later ones with its reason", async () => {
  const controller = new AbortController();
  const script = new Script(never);
  const reader = readerOf(script, controller.signal);
  const waiting = reader.next();
  const reason = new Error("enough");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => waiting), reason);
  assertStrictEquals(await assertRejects(() => reader.next()), reason);
  assertStrictEquals(script.signal?.reason, reason);
  await reader.return();
  assertEquals(script.log, ["open", "pull 0", "close after abort"]);
});

Deno.test("a signal that was aborted before lets nothing begin", async () => {
  const script = new Script((i) => i);
  const reader = readerOf(script, AbortSignal.abort(new Error("no time")));
  await assertRejects(() => reader.next(), Error, "no time");
  await assertRejects(() => reader.next(), Error, "no time");
  assertEquals(script.log, []);
});

Deno.test("a signal between two elements ends the pass", async () => {
  const controller = new AbortController();
  const script = new Script((i) => i);
  const reader = readerOf(script, controller.signal);
  await reader.next();
  controller.abort(new Error("enough"));
  await assertRejects(() => reader.next(), Error, "enough");
  assertEquals(script.log, ["open", "pull 0", "close after abort"]);
});

Deno.test("a signal that comes after the end changes nothing", async () => {
  const controller = new AbortController();
  const reader = readerOf(new Script(() => DONE), controller.signal);
  assertEquals(await reader.next(), end);
  controller.abort();
  assertEquals(await reader.next(), end);
});

Deno.test("a user's function may end the pass that calls it", async () => {
  const controller = new AbortController();
  const script: Script = new Script((i) => {
    controller.abort(new Error("from inside"));
    script.log.push("pulled");
    return i;
  });
  const reader = readerOf(script, controller.signal);
  await assertRejects(() => reader.next(), Error, "from inside");
  await reader.return();
  assertEquals(script.log, ["open", "pull 0", "pulled", "close after abort"]);
});

Deno.test("elements that are ready at once leave time for timers", async () => {
  const clock = new FakeClock();
  let now = 0;
  const busy = { now: () => now++, setTimer: clock.setTimer.bind(clock), sleep: clock.sleep.bind(clock) };
  const reader = new ExecutionReader(new Script((i) => i).open, { clock: busy });
  let taken = 0;
  const reading = (async () => {
    for await (const _ of reader) if (++taken === 60 * 256) return;
  })();
  while (clock.pending === 0) await Promise.resolve();
  assert(taken < 60 * 256, "the loop pauses on its way");
  await clock.advance(0);
  await reading;
});

Deno.test("options are checked", () => {
  assertThrows(
    () => checkReaderOptions({ signal: {} as AbortSignal }),
    InvalidArgumentError,
    "`signal` must be an AbortSignal",
  );
  assertThrows(() => checkReaderOptions({ sginal: 1 } as never), InvalidArgumentError, '"sginal"');
  assertInstanceOf(checkReaderOptions({ signal: new AbortController().signal }).signal, AbortSignal);
});
