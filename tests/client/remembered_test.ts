import { assertEquals, assertRejects } from "@std/assert";
import { Remembered } from "../../src/client/remembered.ts";

Deno.test("a value is made once, also for those who ask while it is being made", async () => {
  const remembered = new Remembered<number>();
  let made = 0;
  const make = () => Promise.resolve(++made);
  assertEquals(await Promise.all([remembered.get(make), remembered.get(make), remembered.get(make)]), [
    1,
    1,
    1,
  ]);
  assertEquals(await remembered.get(make), 1);
});

Deno.test("what fails is not remembered: the next in line makes it himself", async () => {
  const remembered = new Remembered<string>();
  const first = remembered.get(() => Promise.reject(new Error("no")));
  const second = remembered.get(() => Promise.resolve("yes"));
  await assertRejects(() => first, Error, "no");
  assertEquals(await second, "yes");
});

Deno.test("whoever waits for another's making may leave", async () => {
  const remembered = new Remembered<string>();
  const slow = Promise.withResolvers<string>();
  const first = remembered.get(() => slow.promise);
  const controller = new AbortController();
  const reason = new Error("enough");
  const second = remembered.get(() => Promise.resolve("other"), controller.signal);
  controller.abort(reason);
  assertEquals(await second.catch((error) => error), reason);
  slow.resolve("value");
  assertEquals(await first, "value");
});

Deno.test("a value is forgotten only by its name", async () => {
  const remembered = new Remembered<number>();
  await remembered.get(() => Promise.resolve(1));
  remembered.forget(2);
  assertEquals(await remembered.get(() => Promise.resolve(3)), 1);
  remembered.forget(1);
  assertEquals(await remembered.get(() => Promise.resolve(3)), 3);
});

Deno.test("of those who wait for a making that fails, one makes it for all", async () => {
  const remembered = new Remembered<number>();
  const first = remembered.get(() => Promise.reject(new Error("no")));
  let made = 0;
  const make = async () => {
    await Promise.resolve();
    return ++made;
  };
  const others = [remembered.get(make), remembered.get(make), remembered.get(make)];
  await assertRejects(() => first, Error, "no");
  assertEquals(await Promise.all(others), [1, 1, 1]);
});
