/** Whatever step of the disk a dispatcher dies in, or fails in: no split is lost and none is given twice. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { AlreadyExistsError, UnavailableError } from "../../../src/base/mod.ts";
import type { Snapshots } from "../../../src/tensorflow/snapshots/snapshots.ts";
import { type Fault, MemoryDurableFiles } from "../../support/memory_durable_files.ts";
import { describe, newDisk, SnapshotWorker, splitsOnDisk, startSnapshots } from "./support.ts";

interface Story {
  /** How many splits each source has, by snapshot. */
  snapshots: number[][];
  numWorkers: number;
  numRepetitions: number;
  maxStreamsPerWorker: number;
  /** Whether workers restart when the dispatcher does. */
  workersRestart: boolean;
}

/** Runs a story to its end with one fault in it, and says how many steps it took. */
async function run(story: Story, fault: Fault | null): Promise<number> {
  let disk = newDisk();
  disk.fault = fault ?? { step: Infinity, dies: true, happens: false };
  const paths = story.snapshots.map((_, index) => `/data/s${index}`);
  const settings = { maxStreamsPerWorker: story.maxStreamsPerWorker };
  let dispatcher: Snapshots | null = null;
  let workers: SnapshotWorker[] = [];
  const begun = new Set<string>();
  let numSteps = 0;

  const round = async () => {
    dispatcher ??= await startSnapshots(disk, settings);
    for (const [index, path] of paths.entries()) {
      if (begun.has(path)) continue;
      try {
        await dispatcher.begin(path, describe(...story.snapshots[index]));
      } catch (error) {
        // What an answer that was lost said.
        if (!(error instanceof AlreadyExistsError) || !error.message.includes("is already started")) {
          throw error;
        }
      }
      begun.add(path);
    }
    const results = await Promise.allSettled(workers.map(async (worker) => {
      await worker.heartbeat(dispatcher!);
      assert(worker.numActive <= story.maxStreamsPerWorker);
      await worker.step(dispatcher!, story.numRepetitions);
    }));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  };

  const isOver = () => {
    const files = new Set(disk.paths());
    return paths.every((path) => files.has(`${path}/DONE`));
  };
  const newWorkers = () =>
    Array.from({ length: story.numWorkers }, (_, index) => new SnapshotWorker(disk, `worker${index}:1`));
  workers = newWorkers();
  for (let rounds = 0; !isOver(); rounds++) {
    assert(rounds < 1_000, "the snapshots never end");
    try {
      await round();
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
    }
    // What only failed is tried again.
    if (!disk.isDead) continue;
    numSteps += disk.operations;
    disk = new MemoryDurableFiles(disk);
    dispatcher = null;
    if (story.workersRestart) workers = newWorkers();
    else for (const worker of workers) worker.on(disk);
  }
  for (const [index, path] of paths.entries()) {
    const expected = Array.from(
      { length: story.numRepetitions },
      (_, repetition) =>
        story.snapshots[index].flatMap((count, source) =>
          Array.from({ length: count }, (_, value) => `${source}/${repetition}/${value}`)
        ),
    );
    // Another one that starts finds all of it sound.
    assertEquals(await splitsOnDisk(new MemoryDurableFiles(disk), path), expected.flat().sort());
    assert(disk.paths().includes(`${path}/dataset_def.proto`));
  }
  return numSteps + disk.operations;
}

const SMALL: Story = {
  snapshots: [[4, 2], [3]],
  numWorkers: 2,
  numRepetitions: 1,
  maxStreamsPerWorker: 1,
  workersRestart: true,
};

for (const dies of [true, false]) {
  for (const happens of [true, false]) {
    const what = `${dies ? "a death" : "a failure"} ${happens ? "after" : "before"}`;
    Deno.test(`${what} any step loses no split and gives none twice`, async () => {
      const numSteps = await run(SMALL, dies ? null : { step: Infinity, dies, happens });
      assert(numSteps > 50);
      for (let step = 0; step < numSteps; step++) {
        for (const workersRestart of [true, false]) {
          await run({ ...SMALL, workersRestart }, { step, dies, happens });
        }
      }
    });
  }
}

Deno.test("any story ends with every split given once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        snapshots: fc.array(fc.array(fc.nat(6), { minLength: 1, maxLength: 3 }), {
          minLength: 1,
          maxLength: 3,
        }),
        numWorkers: fc.integer({ min: 1, max: 4 }),
        // Workers that read several sources in step get all of them only if one worker reads alone.
        numRepetitions: fc.constant(1),
        maxStreamsPerWorker: fc.integer({ min: 1, max: 3 }),
        workersRestart: fc.boolean(),
      }),
      fc.record({ step: fc.nat(150), dies: fc.boolean(), happens: fc.boolean() }),
      async (story, fault) => {
        await run(story, fault);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("a worker alone gets every split of every repetition, whenever the dispatcher dies", async () => {
  const story: Story = { ...SMALL, snapshots: [[3, 2]], numWorkers: 1, numRepetitions: 3 };
  const numSteps = await run(story, null);
  for (let step = 0; step < numSteps; step++) {
    for (const happens of [true, false]) await run(story, { step, dies: true, happens });
  }
});
