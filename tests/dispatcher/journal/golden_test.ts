/** Journals that earlier programs wrote: they stay readable, or are refused by their version. */

import { assertObjectMatch, assertRejects } from "@std/assert";
import { FailedPreconditionError } from "../../../src/base/mod.ts";
import { JOURNAL_VERSION } from "../../../src/dispatcher/journal/file_header.ts";
import { readJournal } from "../../../src/dispatcher/journal/read_journal.ts";
import { denoJournalFiles } from "../../../src/platform/journal_files.ts";

const GOLDEN = new URL("golden/", import.meta.url).pathname;

async function read(version: number): Promise<unknown[]> {
  const updates: unknown[] = [];
  for await (const item of readJournal({ files: denoJournalFiles(`${GOLDEN}version_${version}`) })) {
    if (item.kind === "updates") updates.push(...item.updates);
  }
  return updates;
}

Deno.test("a journal of the present version from an earlier day is read field by field", async () => {
  const revive = (_: string, value: unknown) =>
    typeof value === "object" && value !== null && "bytes" in value
      ? new Uint8Array(value.bytes as number[])
      : value;
  const text = await Deno.readTextFile(`${GOLDEN}version_${JOURNAL_VERSION}/updates.json`);
  // Fields that came later have their defaults.
  assertObjectMatch({ updates: await read(JOURNAL_VERSION) }, { updates: JSON.parse(text, revive) });
});

Deno.test("a journal of version 1 is refused by name", async () => {
  await assertRejects(
    () => read(1),
    FailedPreconditionError,
    `0000000000.segment" has version 1, this program reads version ${JOURNAL_VERSION}`,
  );
});
