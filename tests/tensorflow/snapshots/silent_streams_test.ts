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

Deno.test("patience is five times the longest pause, and some seconds at least", () => {
  assertEquals(patienceOf([]), LEAST_PATIENCE_MS);
  assertEquals(patienceOf([1_000, 1_001, 1_003]), LEAST_PATIENCE_MS);
  assertEquals(patienceOf([0, 60_000, 61_000]), 300_000);
});

Deno.test("a stream is begun again once, when its patience is over since it was last heard of", () => {
  const writing = (now: number) => ({ isWriting: true, now });
  const silent = new SilentStreams(new Map([[0, 100], [1, 100], [2, 100]]));
  assertEquals(silent.heartbeat(2, { isWriting: false, now: 0 }), false); // It begins anew by itself.
  const at = (now: number) => [0, 1, 2, 3].map((stream) => silent.heartbeat(stream, writing(now)));
  const none = [false, false, false, false];
  assertEquals(at(1_000), none);
  silent.asked(1, 1_050);
  assertEquals(at(1_099), none);
  assertEquals(at(1_100), [true, false, false, false]);
  assertEquals(at(1_149), none);
  assertEquals(at(1_150), [false, true, false, false]);
  assertEquals(at(9_999), none);
});

Deno.test("a stream that takes its time is given more", () => {
  const silent = new SilentStreams(new Map([[0, 100]]));
  assertEquals(silent.heartbeat(0, { isWriting: true, now: 1_000 }), false);
  for (const now of [1_000, 1_010, 1_110]) silent.asked(0, now);
  assertEquals(silent.heartbeat(0, { isWriting: true, now: 1_609 }), false);
  assertEquals(silent.heartbeat(0, { isWriting: true, now: 1_610 }), true);
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
  const clock = new FakeClock();
  const snapshots = await startSnapshots(disk, { clock });
  const counts: number[] = [];
  for (let i = 0; i < 5; i++) {
    counts.push((await snapshots.heartbeat("w", report)).length);
    if (i === 0) await snapshots.split(PATH, request, signal);
    await clock.advance(20_000);
  }
  // From the start of the stream to its first split 10 seconds went by: 50 seconds are waited for.
  assertEquals(counts, [1, 1, 1, 0, 1]);
});
