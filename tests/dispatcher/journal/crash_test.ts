import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Random, SeededRandom } from "../../../src/base/mod.ts";
import type { DispatcherState } from "../../../src/dispatcher/core/state.ts";
import { MemoryJournalFiles } from "../../../src/dispatcher/journal/memory_journal_files.ts";
import { assertSameState, between, countOf, foldInto, reopen, SMALL, stateAfter, things } from "./support.ts";

/** What the appends of a disk's life have come to. */
interface History {
  /** Counts of things after which an append ended. */
  boundaries: Set<number>;
  /** So many things were acknowledged. */
  acknowledged: number;
}

/** Appends until the disk crashes; gives the disk that is left. */
async function live(
  files: MemoryJournalFiles,
  history: History,
  random: Random,
): Promise<MemoryJournalFiles> {
  files.crashAt = files.operations + between(random, 0, 80);
  try {
    const { journal, state } = await reopen(files, SMALL);
    check(state, history);
    // What was replayed is what is there from now on.
    history.boundaries = new Set([countOf(state)]);
    history.acknowledged = countOf(state);
    const pending: Promise<void>[] = [];
    while (files.operations <= files.crashAt && pending.length < 200) {
      const updates = things(between(random, 1, 3), countOf(state));
      foldInto(state, updates);
      const count = countOf(state);
      history.boundaries.add(count);
      const append = journal.append(updates).then(() => history.acknowledged = count);
      pending.push(append.then(() => {}, () => {}));
      if (journal.snapshots?.wanted) journal.snapshots.take(state);
      if (random.uint32() % 3 === 0) await append.catch(() => {});
    }
    await Promise.all(pending);
    await journal.close().catch(() => {});
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("the machine has crashed"))) throw error;
  }
  // The machine's crash, or the process's only: then what was not synced is there, until the machine's next crash.
  return random.uint32() % 3 === 0 ? files.kill() : files.crash(random);
}

function check(state: DispatcherState, { boundaries, acknowledged }: History): void {
  const count = countOf(state);
  assert(count >= acknowledged, `${acknowledged} things were acknowledged, ${count} are there`);
  assert(boundaries.has(count), `an append was torn: ${count} is none of ${[...boundaries]}`);
  assertSameState(state, stateAfter(count));
}

Deno.test("whenever a crash comes, what is replayed is a prefix with all that was acknowledged", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = new SeededRandom(seed);
      let files = new MemoryJournalFiles();
      const history: History = { boundaries: new Set([0]), acknowledged: 0 };
      for (let life = 0; life < 4; life++) files = await live(files, history, random);
      const { journal, state } = await reopen(files);
      check(state, history);
      await journal.close();
    }),
    { numRuns: 50 },
  );
});

Deno.test("a crash at each single step of a life with snapshots leaves a readable journal", async () => {
  const run = async (files: MemoryJournalFiles) => {
    let acknowledged = 0;
    try {
      const { journal, state } = await reopen(files, SMALL);
      while (countOf(state) < 60) {
        const updates = things(1, countOf(state));
        foldInto(state, updates);
        const append = journal.append(updates);
        if (journal.snapshots?.wanted) journal.snapshots.take(state);
        await append;
        acknowledged++;
      }
      await journal.close();
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("the machine has crashed"))) throw error;
    }
    return acknowledged;
  };
  const whole = new MemoryJournalFiles();
  assertEquals(await run(whole), 60);
  assert(whole.names().some((name) => name.endsWith(".snapshot")));
  for (let crashAt = 0; crashAt <= whole.operations; crashAt++) {
    const files = new MemoryJournalFiles();
    files.crashAt = crashAt;
    const acknowledged = await run(files);
    const { journal, state } = await reopen(files.crash(new SeededRandom(crashAt)));
    const count = countOf(state);
    assert(
      count === acknowledged || count === acknowledged + 1,
      `${acknowledged} acknowledged, ${count} there`,
    );
    assertSameState(state, stateAfter(count));
    await journal.close();
  }
});
