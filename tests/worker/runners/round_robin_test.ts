import { assert, assertEquals, assertRejects } from "@std/assert";
import { CanceledError, FakeClock, silentLog } from "../../../src/base/mod.ts";
import { type Element, portableCodecs } from "../../../src/element/mod.ts";
import { DONE, type ElementIterator } from "../../../src/executor/mod.ts";
import { type ElementReply, RoundRobinRunner } from "../../../src/worker/runners/round_robin.ts";
import { elementsOf } from "../support/decode.ts";

function runner(next: ElementIterator<Element>["next"], numConsumers = 2) {
  const clock = new FakeClock();
  let closed = 0;
  const made = new RoundRobinRunner({
    numConsumers,
    open: () => ({ next, close: () => void closed++ }),
    clock,
    log: silentLog,
    codecs: portableCodecs,
  });
  const ask = (
    consumerIndex: number,
    roundIndex: number,
    options: { allowSkip?: boolean; signal?: AbortSignal } = {},
  ) =>
    made.getElement({
      consumerIndex,
      roundIndex,
      oldestRound: roundIndex,
      skippedRounds: [],
      allowSkip: options.allowSkip ?? false,
      accepted: [],
      compression: "NONE",
      loopback: true,
    }, options.signal ?? new AbortController().signal);
  return { made, clock, ask, closed: () => closed };
}

const upTo = (count: number): ElementIterator<Element>["next"] => {
  let value = 0;
  return () => value < count ? value++ : DONE;
};

const shown = (reply: ElementReply) =>
  reply.kind === "element" ? elementsOf(reply.batch.payload, reply.batch)[0] : reply.kind;

Deno.test("consumers get consecutive elements, then the end in the same round; the rest is counted", async () => {
  const { made, ask, closed } = runner(upTo(5));
  for (const expected of [[0, 1], [2, 3], ["end", "end"]]) {
    const round = expected[0] === "end" ? 2 : Number(expected[0]) / 2;
    const replies = await Promise.all([ask(1, round), ask(0, round)]);
    assertEquals(replies.map(shown).reverse(), expected);
  }
  assertEquals([made.numDropped, closed()], [1, 1]);
  await Promise.all([ask(0, 3), ask(1, 3)]);
  await made.completed;
});

Deno.test("a round whose elements do not come is skipped for all after 100 ms, if they allow it", async () => {
  const { made, clock, ask } = runner(() => new Promise(() => {}));
  let replies: ElementReply[] | null = null;
  Promise.all([ask(0, 0, { allowSkip: true }), ask(1, 0, { allowSkip: true })]).then((both) =>
    replies = both
  );
  await clock.advance(99);
  assertEquals(replies, null);
  await clock.advance(1);
  assertEquals(replies, [{ kind: "skip" }, { kind: "skip" }]);
  const waiting = Promise.all([ask(0, 1, { allowSkip: true }), ask(1, 1)]);
  await clock.advance(10_000);
  made.stop(new CanceledError("enough"));
  await assertRejects(() => waiting, CanceledError, "enough");
});

Deno.test("a consumer that hangs up is not waited for, and may ask again", async () => {
  const { ask } = runner(upTo(10));
  const controller = new AbortController();
  const left = ask(0, 0, { signal: controller.signal });
  controller.abort(new CanceledError("gone"));
  await assertRejects(() => left, CanceledError, "gone");
  const other = ask(1, 0);
  assertEquals((await Promise.all([ask(0, 0), other])).map(shown), [0, 1]);
});

Deno.test("who asks twice at a time gets the answer twice", async () => {
  const { ask } = runner(upTo(10));
  assertEquals((await Promise.all([ask(0, 0), ask(0, 0), ask(1, 0)])).map(shown), [0, 0, 1]);
});

Deno.test("an error of the pipeline is given to all consumers as a batch", async () => {
  const { ask } = runner(() => {
    throw new Error("broken");
  });
  for (const reply of await Promise.all([ask(0, 0), ask(1, 0)])) {
    assert(reply.kind === "element");
    assertEquals(reply.batch.error?.message, "broken");
  }
});
