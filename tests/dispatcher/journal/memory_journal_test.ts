import { assertEquals } from "@std/assert";
import type { Update } from "../../../src/dispatcher/core/updates.ts";
import { createMemoryJournal } from "../../../src/dispatcher/mod.ts";
import { SAMPLES, testJournal } from "../journal_contract.ts";

testJournal("memory journal", () => {
  const keep: Update[] = [];
  return Promise.resolve({
    open: () => Promise.resolve(createMemoryJournal({ keep })),
    dispose: () => Promise.resolve(),
  });
});

Deno.test("a memory journal without a place keeps nothing, and says so", async () => {
  const journal = createMemoryJournal();
  await journal.append(SAMPLES);
  assertEquals(journal.durable, false);
  assertEquals(await Array.fromAsync(journal.replay()), []);
});
