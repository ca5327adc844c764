import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import fc from "fast-check";
import { Channel, CLOSED } from "../../src/base/mod.ts";

Deno.test("a channel gives items in order, at once where they wait", async () => {
  const channel = new Channel<number>({ maxItems: 2 });
  await channel.push(1);
  await channel.push(2);
  assertEquals(channel.shift(), 1);
  assertEquals(channel.shift(), 2);
  const later = channel.shift();
  assertInstanceOf(later, Promise);
  await channel.push(3);
  assertEquals(await later, 3);
});

Deno.test("push waits while the channel is full by items or by bytes", async () => {
  const channel = new Channel<string>({ maxItems: 10, maxBytes: 4, bytesOf: (item) => item.length });
  await channel.push("abcdef"); // One item more than fits is let in when the channel is empty.
  let pushed = false;
  const second = channel.push("g").then(() => pushed = true);
  await Promise.resolve();
  assertEquals([pushed, channel.bytes], [false, 6]);
  assertEquals(channel.shift(), "abcdef");
  await second;
  assertEquals([channel.length, channel.bytes], [1, 1]);
});

Deno.test("close lets the waiting items out and wakes everybody", async () => {
  const channel = new Channel<number>({ maxItems: 1 });
  await channel.push(1);
  const blocked = channel.push(2);
  channel.close();
  await blocked;
  assertEquals(channel.shift(), 1);
  assertEquals(channel.shift(), CLOSED);

  const empty = new Channel<number>({ maxItems: 1 });
  const waiting = empty.shift();
  empty.close();
  assertEquals(await waiting, CLOSED);
});

Deno.test("fail drops what waits and rejects everybody with the reason", async () => {
  const channel = new Channel<number>({ maxItems: 1 });
  await channel.push(1);
  const blocked = channel.push(2);
  channel.fail(new Error("gone"));
  await assertRejects(() => blocked, Error, "gone");
  await assertRejects(async () => await channel.shift(), Error, "gone");
  await assertRejects(() => channel.push(3), Error, "gone");
});

Deno.test("whatever the interleaving, every item comes out once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.boolean(), { maxLength: 200 }),
      async (maxItems, turns) => {
        const channel = new Channel<number>({ maxItems });
        const taken: Promise<unknown>[] = [];
        const pushed: Promise<void>[] = [];
        let next = 0;
        for (const push of turns) {
          if (push) pushed.push(channel.push(next++));
          else taken.push(Promise.resolve(channel.shift()));
          assert(channel.length <= maxItems);
        }
        while (taken.length < next) taken.push(Promise.resolve(channel.shift()));
        await Promise.all(pushed);
        channel.close();
        assertEquals(
          (await Promise.all(taken)).slice(0, next),
          Array.from({ length: next }, (_, i) => i),
        );
      },
    ),
  );
});
