/** Workers that have given up while the dispatcher was away, and do not say so. */

import { assertEquals } from "@std/assert";
import { FakeClock } from "../../../src/base/mod.ts";
import {
  LEAST_PATIENCE_MS,
  patienceOf,
  SilentStreams,
} from "../../../src/tensorflow/snapshots/core/silent_streams.ts";
import { describe, newDisk, startSnapshots } from "./support.ts";

const PATH = "/data/s";

Deno.test("patience is ten times the longest pause, and some seconds at least", () => {
  assertEquals(patienceOf([]), LEAST_PATIENCE_MS);
  assertEquals(patienceOf([1_000, 1_001, 1_003]), LEAST_PATIENCE_MS);
  assertEquals(patienceOf([0, 60_000, 61_000]), 600_000);
});

Deno.test("a stream is begun again once, when its patience is over, unless it was heard of", () => {
  const writing = (now: number) => ({ isWriting: true, now });
  const silent = new SilentStreams(new Map([[0, 100], [1, 100], [2, 100]]));
  silent.asked(1);
  assertEquals(silent.heartbeat(2, { isWriting: false, now: 0 }), false); // It begins anew by itself.
  for (const stream of [0, 1, 2, 3]) assertEquals(silent.heartbeat(stream, writing(1_000)), false);
  assertEquals([0, 1, 2, 3].map((stream) => silent.heartbeat(stream, writing(1_099))), Array(4).fill(false));
  assertEquals([0, 1, 2, 3].map((stream) => silent.heartbeat(stream, writing(1_100))), [
    true,
    false,
    false,
    false,
  ]);
  assertEquals(silent.heartbeat(0, writing(9_999)), false);
});

Deno.test("a stream whose worker went silent over a restart is left out of one heartbeat", async () => {
  const disk = newDisk();
  const before = await startSnapshots(disk);
  await before.begin(PATH, describe(100));
  const request = { worker: "w", stream: 0, source: 0, repetition: 0 };
  const signal = () => new AbortController().signal;
  await before.heartbeat("w", []);
  for (disk.now of [10_000, 11_000, 12_000]) await before.split(PATH, request, signal);

  const report = [{ path: PATH, stream: 0, completed: false, error: null }];
  const listed = async (asksFirst: boolean) => {
    const clock = new FakeClock();
    const snapshots = await startSnapshots(disk, { clock });
    if (asksFirst) await snapshots.split(PATH, request, signal);
    const counts: number[] = [];
    for (let i = 0; i < 4; i++) {
      counts.push((await snapshots.heartbeat("w", report)).length);
      await clock.advance(60_000);
    }
    return counts;
  };
  // From the start of the stream to its first split 10 seconds went by: 100 seconds are waited for.
  assertEquals(await listed(false), [1, 1, 0, 1]);
  assertEquals(await listed(true), [1, 1, 1, 1]);
});
