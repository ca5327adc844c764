import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { DataLossError, InternalError } from "../../../src/base/mod.ts";
import type { Split } from "../../../src/executor/mod.ts";
import { LaneGauge } from "../../../src/worker/lanes/lane_gauge.ts";
import { MessageLine } from "../../../src/worker/lanes/message_line.ts";
import { packElements, unpackElements } from "../../../src/worker/lanes/packed_block.ts";
import { receiveError, sendError } from "../../../src/worker/lanes/sent_error.ts";
import { SharedSplits } from "../../../src/worker/lanes/shared_splits.ts";
import { turns } from "./support.ts";

Deno.test("splits are shared whole: each index once, to whichever lane asks", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(3)),
      async (sizes, lanes, order) => {
        let start = 0;
        const leases: Split[] = sizes.map((size) => ({
          start,
          end: start += size,
          names: Array.from({ length: size }, (_, i) => `f${start - size + i}`),
          repetition: size,
          consumed: Array.from({ length: size }, (_, i) => ({
            index: start - size + i,
            offsets: [{ start: 0, end: size }],
          })),
        }));
        const labels = leases.flatMap(({ start, end }) => Array(end - start).fill(end - start));
        const shared = new SharedSplits({
          next: () => Promise.resolve(leases.shift() ?? null),
          isEmpty: () => false,
        }, lanes);
        const names: string[] = [];
        const read = async () => {
          const split = await shared.next(0, 0);
          if (split) {
            assertEquals(split.names?.length, split.end - split.start);
            assertEquals(split.names?.[0], `f${split.start}`);
            names.push(...split.names!);
            // What is said of an index stays with it.
            assertEquals(split.repetition, labels[split.start]);
            assertEquals(
              split.consumed!.map(({ index, offsets }) => [index, offsets[0].end]),
              split.names!.map((_, i) => [split.start + i, labels[split.start]]),
            );
          }
          return split;
        };
        // Several at a time, as lanes ask, and then to the end.
        await Promise.all(order.map(read));
        while (await read() !== null);
        assertEquals(names.sort(), Array.from({ length: start }, (_, i) => `f${i}`).sort());
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("a lane that goes on to the next repetition leaves the others the rest of theirs", async () => {
  const given = new Map([[0, [{ start: 0, end: 8 }]], [1, [{ start: 0, end: 8 }]]]);
  const shared = new SharedSplits({
    next: (_, repetition) => given.get(repetition)?.shift() ?? null,
    isEmpty: () => false,
  }, 2);
  assertEquals(await shared.next(0, 0), { start: 0, end: 2 });
  assertEquals(await shared.next(0, 1), { start: 0, end: 2 });
  assertEquals(await shared.next(0, 0), { start: 2, end: 4 });
});

Deno.test("the gauge asks for a lane only where one pays", () => {
  const decide = ({ busy = 5, every = 5, bytes = 100, hungry = (_block: number) => true }) => {
    const gauge = new LaneGauge();
    let asked = 0;
    for (let now = every; now <= 400; now += every) {
      gauge.worked(now, busy);
      if (gauge.block(now, { bytes, hungry: hungry(now / every) })) asked++;
    }
    return asked > 0;
  };
  assertEquals(decide({}), true);
  assertEquals(decide({ hungry: () => false }), false); // Readers have enough.
  assertEquals(decide({ hungry: (block) => block <= 16 }), false); // They only had room at first.
  assertEquals(decide({ busy: 90, every: 90 }), true); // Blocks are few.
  assertEquals(decide({ busy: 1 }), false); // The pipeline waits for something.
  assertEquals(decide({ every: 0.5, busy: 0.5 }), false); // Blocks are as quickly made as sent.
  assertEquals(decide({ bytes: 10_000_000 }), false);
});

Deno.test("elements come out of a pack as they went in", () => {
  const elements = [
    1,
    "two",
    { three: new Float32Array([3]), four: [null, 5n] },
    new Uint8Array(100_000).fill(6),
  ];
  assertEquals(unpackElements(packElements(elements)), elements);
  assertEquals(elements[3], new Uint8Array(100_000).fill(6)); // Its memory was not given away.
});

Deno.test("an error keeps its class, code, message, cause and stack on its way", () => {
  const error = new InternalError("Cannot map element 1: boom", { cause: new TypeError("boom") });
  const received = receiveError(structuredClone(sendError(error)));
  assertInstanceOf(received, InternalError);
  assertEquals([received.message, received.code, received.stack], [error.message, error.code, error.stack]);
  assertInstanceOf(received.cause, Error);
  assertEquals([received.cause.name, received.cause.message], ["TypeError", "boom"]);
  assertInstanceOf(receiveError(sendError(new DataLossError("bits"))), DataLossError);
  assertEquals(receiveError(sendError("a string")).message, "a string");
  const ring = new Error("ring");
  ring.cause = ring;
  assertEquals(receiveError(sendError(ring)).message, "ring");
});

Deno.test("a busy thread polls its line, and messages stay in order whichever way they come", async () => {
  const { port1, port2 } = new MessageChannel();
  const taken: number[] = [];
  const here = new MessageLine<number, number>(port1, (n) => taken.push(n));
  const there = new MessageLine<number, number>(port2, () => {});
  for (let n = 0; n < 100; n++) {
    there.post(n);
    if (n % 7 === 0) here.poll();
    if (n % 5 === 0) await turns(1);
  }
  here.poll();
  await turns(2);
  assertEquals(taken, Array.from({ length: 100 }, (_, n) => n));
  here.close();
  there.post(100);
  there.close();
  there.post(101);
  assert(taken.length === 100);
});
