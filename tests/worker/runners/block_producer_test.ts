import { clearImmediate, setImmediate } from "node:timers";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { FakeClock, InvalidArgumentError, type MaybePromise, silentLog } from "../../../src/base/mod.ts";
import type { Element } from "../../../src/element/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../../../src/executor/mod.ts";
import type { Item } from "../../../src/worker/core/session.ts";
import type { Block } from "../../../src/worker/runners/block_packer.ts";
import { BlockProducer } from "../../../src/worker/runners/block_producer.ts";
import type { BlockSink } from "../../../src/worker/runners/block_source.ts";
import { elementsOf } from "../support/decode.ts";
import { fromItems, ManualIterator, numbers, ScriptedIterator } from "../support/iterators.ts";

/** A clock that moves while the thread is busy. */
class BusyClock extends FakeClock {
  #worked = 0;

  work(ms: number): void {
    this.#worked += ms;
  }

  override now(): number {
    return super.now() + this.#worked;
  }
}

class Harness implements BlockSink {
  readonly clock = new BusyClock();
  /** How many blocks there is room for. */
  room = Infinity;
  hungry = true;
  ended = false;
  opened = 0;
  readonly items: Item<Block>[] = [];
  readonly producer: BlockProducer;

  constructor(open: () => MaybePromise<ElementIterator<Element>>, targetBytes?: number) {
    this.producer = new BlockProducer({
      open: () => {
        this.opened++;
        return open();
      },
      sink: this,
      clock: this.clock,
      log: silentLog,
      targetBytes,
    });
  }

  get wantsMore(): boolean {
    return this.items.length < this.room && !this.ended;
  }

  offer(item: Item<Block>): void {
    this.items.push(item);
  }

  end(): void {
    this.ended = true;
  }

  /** Lets the producer get as far as it can without time passing. */
  async settle(): Promise<void> {
    this.producer.poke();
    await this.clock.advance(0);
  }

  blocks(): Element[][] {
    return this.items.map((item) =>
      item.kind === "block" ? elementsOf(item.block.chunks, item.block) : ["error"]
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.producer.stop(new Error("The test is over"));
  }
}

Deno.test("blocks are cut at their size, and hold every element once, in order", async () => {
  await using harness = new Harness(() => numbers(1_000), 1_024);
  await harness.settle();
  assertEquals(harness.blocks().flat(), Array.from({ length: 1_000 }, (_, i) => i));
  assertEquals(harness.blocks().map((block) => block.length), [128, 128, 128, 128, 128, 128, 128, 104]);
  assertEquals(harness.ended, true);
});

Deno.test("nothing is built before the first poke, and it is closed after its end", async () => {
  const iterator = numbers(3);
  await using harness = new Harness(() => iterator);
  await harness.clock.advance(1_000);
  assertEquals(harness.opened, 0);
  await harness.settle();
  assertEquals([harness.opened, iterator.closed, harness.ended], [1, 1, true]);
});

Deno.test("nothing is pulled while the sink wants no more", async () => {
  const iterator = numbers(100_000);
  await using harness = new Harness(() => iterator, 800);
  harness.room = 1;
  await harness.settle();
  assertEquals([harness.items.length, iterator.pulls], [1, 100]);
  await harness.clock.advance(60_000);
  assertEquals(iterator.pulls, 100);
  harness.room = 2;
  await harness.settle();
  assertEquals([harness.items.length, iterator.pulls], [2, 200]);
});

Deno.test("large and small elements do not share a block", async () => {
  const large = new Uint8Array(64 * 1024).fill(7);
  await using harness = new Harness(() => fromItems([1, 2, large, 3]));
  await harness.settle();
  assertEquals(harness.blocks(), [[1, 2], [large], [3]]);
  const item = harness.items[1];
  assert(item.kind === "block");
});

Deno.test("large elements of one kind go out as their own bytes", async () => {
  const [first, second, third, fourth] = [1, 2, 3, 4].map((value) => new Float32Array(100_000).fill(value));
  await using harness = new Harness(() => fromItems([first, second, third, fourth]));
  await harness.settle();
  // Full from 1 MiB on.
  assertEquals(harness.blocks(), [[first, second, third], [fourth]]);
  const chunks = harness.items.flatMap((item) => item.kind === "block" ? item.block.chunks : []);
  for (const source of [first, second, third, fourth]) {
    assert(chunks.some((chunk) => chunk.buffer === source.buffer));
  }
});

Deno.test("elements that take no bytes fill a block too", async () => {
  await using harness = new Harness(() => new ScriptedIterator((pull) => pull < 70_000 ? null : DONE));
  await harness.settle();
  assertEquals(harness.blocks().map((block) => block.length), [65_536, 4_464]);
});

Deno.test("what is there goes out after the linger time when the pipeline waits and a reader has nothing", async () => {
  const iterator = new ManualIterator();
  await using harness = new Harness(() => iterator);
  await harness.settle();
  harness.hungry = false;
  for (const element of [1, 2]) {
    iterator.give(element);
    await harness.settle();
  }
  await harness.clock.advance(100);
  assertEquals(harness.blocks(), [], "readers that have something can wait");
  harness.hungry = true;
  await harness.settle();
  assertEquals(harness.blocks(), [[1, 2]], "the linger time is over already");
  harness.hungry = false;
  iterator.give(3);
  await harness.settle();
  harness.hungry = true;
  await harness.settle();
  assertEquals(harness.blocks().length, 1);
  await harness.clock.advance(2);
  assertEquals(harness.blocks(), [[1, 2], [3]]);
  iterator.give(DONE);
  await harness.settle();
  assertEquals([harness.items.length, harness.ended], [2, true]);
});

/** A pipeline of 20 elements that take some milliseconds of work each; notes how often the event loop has turned at each. */
async function runSlowly(
  { hungry, ms }: { hungry: boolean; ms: number },
): Promise<{ blocks: Element[][]; turns: number[] }> {
  let turn = 0;
  let other = setImmediate(function work() {
    turn++;
    other = setImmediate(work);
  });
  const turns: number[] = [];
  await using harness = new Harness(() =>
    new ScriptedIterator((pull) => {
      if (pull === 20) return DONE;
      harness.clock.work(ms);
      turns.push(turn);
      return pull;
    })
  );
  harness.hungry = hungry;
  harness.producer.poke();
  while (!harness.ended) await new Promise((resolve) => setImmediate(resolve));
  clearImmediate(other);
  return { blocks: harness.blocks(), turns };
}

Deno.test("a slow pipeline that never waits sends what is there, too", async () => {
  const { blocks } = await runSlowly({ hungry: true, ms: 3 });
  assertEquals(blocks, Array.from({ length: 20 }, (_, i) => [i]));
});

/** The sizes of the blocks of 100 elements, half a millisecond after one another. */
async function sizesOf(next: (harness: Harness, element: number) => MaybePromise<number>): Promise<number[]> {
  const elements = new ScriptedIterator((pull): MaybePromise<Pulled<Element>> =>
    pull === 100 ? DONE : next(harness, pull)
  );
  await using harness: Harness = new Harness(() => elements);
  harness.producer.poke();
  while (!harness.ended) await harness.clock.advance(0.5);
  assertEquals(harness.blocks().flat(), Array.from({ length: 100 }, (_, i) => i));
  return harness.blocks().map((block) => block.length);
}

Deno.test("where several elements come while one waits, blocks wait longer and longer, up to 16 ms", async () => {
  const busy = await sizesOf((harness, element) => {
    harness.clock.work(0.5);
    return element;
  });
  const waiting = await sizesOf(async (harness, element) => {
    await harness.clock.sleep(0.5);
    return element;
  });
  // What 2, 4, 8, 16, and again 16 ms give.
  const sizes = [4, 8, 16, 32, 32, 8];
  assertEquals({ busy, waiting }, { busy: sizes, waiting: sizes });
});

Deno.test("a pipeline that becomes slow sends soon again", async () => {
  const sizes = await sizesOf(async (harness, element) => {
    await harness.clock.sleep(element < 60 ? 0.5 : 5);
    return element;
  });
  assertEquals(sizes.slice(0, 4), [4, 8, 16, 32]);
  assertEquals(new Set(sizes.slice(5)), new Set([1]));
});

Deno.test("a slow pipeline that never waits lets the event loop turn, in the middle of a block as well", async () => {
  const { blocks, turns } = await runSlowly({ hungry: false, ms: 3 });
  assertEquals(blocks.length, 1);
  for (let i = 4; i < turns.length; i++) {
    assert(turns[i] > turns[i - 4], `The event loop did not turn in 12 ms of work: ${turns}`);
  }
});

Deno.test("an error of the pipeline comes in its place, and pulling goes on behind it", async () => {
  await using harness = new Harness(() =>
    new ScriptedIterator((pull) => {
      if (pull === 1) throw new InvalidArgumentError("first");
      if (pull === 2) return Promise.reject(new InvalidArgumentError("second"));
      return pull < 4 ? pull : DONE;
    })
  );
  await harness.settle();
  assertEquals(harness.blocks(), [[0], ["error"], ["error"], [3]]);
  assertEquals(harness.ended, true);
});

Deno.test("a value that is no element is an error of the pipeline", async () => {
  await using harness = new Harness(() => fromItems([1, new Date() as unknown as Element, 2]));
  await harness.settle();
  assertEquals(harness.blocks(), [[1], ["error"], [2]]);
  const item = harness.items[1];
  assertInstanceOf(item.kind === "error" && item.error, InvalidArgumentError);
});

Deno.test("a pipeline that cannot be built fails for one reader, and is tried again for the next", async () => {
  let works = false;
  await using harness = new Harness(() => {
    if (!works) throw new Error("no dataset");
    return numbers(1);
  });
  harness.hungry = true;
  harness.room = 1;
  await harness.settle();
  assertEquals([harness.blocks(), harness.opened], [[["error"]], 1]);
  harness.room = 2;
  harness.hungry = false;
  await harness.settle();
  assertEquals(harness.opened, 1, "not in advance");
  works = true;
  harness.hungry = true;
  await harness.settle();
  assertEquals([harness.blocks(), harness.opened], [[["error"], [0]], 2]);
});

Deno.test("stopping frees a pipeline that waits, and what it gives then is dropped", async () => {
  const iterator = new ManualIterator();
  const harness = new Harness(() => iterator);
  await harness.settle();
  assertEquals(iterator.pulled, true);
  await harness.producer.stop(new Error("enough"));
  await harness.producer.stop(new Error("enough"));
  await harness.settle();
  assertEquals([iterator.closed, harness.items, harness.ended], [1, [], false]);
  assertEquals(harness.clock.pending, 0);
});

Deno.test("a pipeline that is built only after the stop is closed", async () => {
  const { promise, resolve } = Promise.withResolvers<ElementIterator<Element>>();
  const iterator = numbers(3);
  const harness = new Harness(() => promise);
  await harness.settle();
  await harness.producer.stop(new Error("enough"));
  resolve(iterator);
  await harness.settle();
  assertEquals([iterator.closed, iterator.pulls], [1, 0]);
});
