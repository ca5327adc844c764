import { assert, assertEquals, assertRejects } from "@std/assert";
import { CanceledError, FailedPreconditionError, FakeClock, silentLog } from "../../../src/base/mod.ts";
import { type Element, portableCodecs } from "../../../src/element/mod.ts";
import { DONE, type ElementIterator } from "../../../src/executor/mod.ts";
import { type ElementReply, RoundRobinRunner } from "../../../src/worker/runners/round_robin.ts";
import { elementsOf } from "../support/decode.ts";
import { ManualIterator } from "../support/iterators.ts";

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
  const askAll = (
    consumerIndex: number,
    rounds: readonly number[],
    options: { allowSkip?: boolean; signal?: AbortSignal } = {},
  ) =>
    made.getElements({
      consumerIndex,
      rounds,
      oldestRound: rounds[0],
      skippedRounds: [],
      allowSkip: options.allowSkip ?? false,
      accepted: [],
      compression: "NONE",
      loopback: true,
    }, options.signal ?? new AbortController().signal);
  const ask = async (consumerIndex: number, round: number, options: Parameters<typeof askAll>[2] = {}) =>
    (await askAll(consumerIndex, [round], options))[0];
  return { made, clock, ask, askAll, closed: () => closed };
}

const upTo = (count: number): ElementIterator<Element>["next"] => {
  let value = 0;
  return () => value < count ? value++ : DONE;
};

/** What the replies to one request hold. */
function shownAll(replies: readonly ElementReply[]): Element[] {
  let spec: Uint8Array | null = null;
  return replies.map((reply) => {
    if (reply.kind !== "element") return reply.kind;
    spec = reply.batch.spec ?? spec;
    return elementsOf(reply.batch.payload, { ...reply.batch, spec })[0];
  });
}

const shown = (reply: ElementReply) => shownAll([reply])[0];

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
  assertEquals(replies, [{ kind: "skip", round: 0 }, { kind: "skip", round: 0 }]);
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

Deno.test("who asks for several rounds gets them in one reply, the spec once", async () => {
  const { askAll } = runner(upTo(100));
  const [first, second] = await Promise.all([askAll(0, [0, 1, 2]), askAll(1, [0, 1, 2])]);
  const specs = first.map((reply) => reply.kind === "element" && reply.batch.spec !== null);
  assertEquals([first.map(({ round }) => round), specs], [[0, 1, 2], [true, false, false]]);
  assertEquals(shownAll(second), [1, 3, 5]);
});

Deno.test("a reply waits for the first round and 2 ms more; the others are there for who asks again", async () => {
  const iterator = new ManualIterator();
  const { askAll, clock } = runner(() => iterator.next(), 1);
  let reply: readonly ElementReply[] | null = null;
  askAll(0, [0, 1, 2, 3]).then((replies) => reply = replies);
  await clock.advance(10);
  assertEquals(reply, null);
  iterator.give("a");
  await clock.advance(1);
  iterator.give("b");
  await clock.advance(0);
  assertEquals(reply, null);
  await clock.advance(1);
  assertEquals(shownAll(reply!), ["a", "b"]);
  iterator.give("c");
  await clock.advance(0);
  iterator.give("d");
  await clock.advance(0);
  assertEquals(shownAll(await askAll(0, [2, 3])), ["c", "d"], "they were waited for all the time");
});

Deno.test("a reply does not wait once it is large", async () => {
  const { askAll } = runner(() => new Uint8Array(3_000_000), 1);
  assertEquals((await askAll(0, [0, 1, 2, 3])).length, 2);
  assertEquals((await askAll(0, [2, 3])).length, 2);
});

Deno.test("a request of which a round is too late is refused as a whole, and others are not held up", async () => {
  const { ask, askAll } = runner(upTo(10));
  await Promise.all([ask(0, 0), ask(1, 0)]);
  const other = ask(1, 1);
  assertEquals(shown(await ask(0, 1)), 2);
  await other;
  await assertRejects(() => askAll(0, [0, 1, 2]), FailedPreconditionError, "has already reached 1");
  assertEquals((await Promise.all([ask(0, 2), ask(1, 2)])).map(shown), [4, 5]);
});
