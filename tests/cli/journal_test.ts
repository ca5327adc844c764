import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { silentLog } from "../../src/base/mod.ts";
import { runJournal } from "../../src/cli/mod.ts";
import { createFileJournal } from "../../src/dispatcher/mod.ts";
import { MemoryJournalFiles } from "../../src/dispatcher/journal/memory_journal_files.ts";
import { denoJournalFiles } from "../../src/platform/mod.ts";
import { reopen, things } from "../dispatcher/journal/support.ts";
import { runProgram } from "../support/programs.ts";

async function run(files: MemoryJournalFiles, ...args: string[]) {
  const lines: string[] = [];
  const errors: string[] = [];
  const code = await runJournal(args, {
    open: () => files,
    print: (line) => void lines.push(line),
    printError: (line) => void errors.push(line),
  });
  return { code, lines, errors };
}

/** A journal of six things, the last two written together. */
async function sixThings(): Promise<MemoryJournalFiles> {
  const files = new MemoryJournalFiles();
  const { journal } = await reopen(files);
  for (let i = 0; i < 4; i++) await journal.append(things(1, i));
  await journal.append(things(2, 4));
  await journal.close();
  return files;
}

const SEGMENT = "journal/0000000000.segment";

Deno.test("each update is a line, and the last line says that the journal is sound", async () => {
  const { code, lines, errors } = await run(await sixThings(), "dir");
  assertEquals([code, errors, lines.length], [0, [], 7]);
  assertMatch(
    lines[0],
    /^0000000000\.segment:32 registerDataset datasetId="dataset-0" format="sluice" graph="<20 bytes>" .*metadata=\{"elementSpec":"<1 bytes>","compression":0,"cardinality":0\}/,
  );
  assertMatch(lines[1], /^0000000000\.segment:\d+ registerWorker address="worker-1:1" uid="u" tags=\[\]/);
  assertEquals(lines.at(-1), "The journal is sound: 6 updates");
});

Deno.test("--json gives a line of JSON for each update and for the summary", async () => {
  const { code, lines } = await run(await sixThings(), "dir", "--json");
  assertEquals(code, 0);
  const [first] = lines.map((line) => JSON.parse(line));
  assertEquals([first.file, first.offset, first.event.datasetId], [`memory/${SEGMENT}`, 32, "dataset-0"]);
  assertEquals(JSON.parse(lines.at(-1)!), { sound: true, updates: 6, snapshot: null, torn: null });
});

Deno.test("--verify says only whether the journal is sound, and counts behind the snapshot", async () => {
  const files = await sixThings();
  assertEquals(await run(files, "dir", "--verify"), {
    code: 0,
    lines: ["The journal is sound: 6 updates"],
    errors: [],
  });
  const { journal, state } = await reopen(files);
  journal.snapshots!.take(state);
  await journal.append([{ type: "removeWorker", address: "worker-1:1", at: 0 }]);
  await journal.close();
  assertEquals(
    (await run(files, "--verify", "dir")).lines,
    ['The journal is sound: 1 update behind the snapshot "memory/journal/0000000001.snapshot"'],
  );
  const [first] = (await run(files, "dir")).lines;
  assertMatch(first, /^0000000001\.snapshot:32 snapshot datasets=2 .*workers=4/);
});

Deno.test("a torn end is sound, and said", async () => {
  const files = await sixThings();
  files.tamper(SEGMENT, (bytes) => bytes.slice(0, -1));
  const { code, lines } = await run(files, "dir", "--verify");
  assertEquals(code, 0);
  assertMatch(
    lines[0],
    /^The journal is sound: 4 updates; \d+ bytes of a write that was cut short, at byte \d+ of "memory\/journal\/0000000000\.segment", will be cut off by the next start$/,
  );
});

Deno.test("damage, and updates that cannot follow, end with status 1 and the place", async () => {
  const files = await sixThings();
  files.tamper(SEGMENT, (bytes) => bytes.with(60, bytes[60] ^ 1));
  const damaged = await run(files, "dir", "--verify");
  assertEquals([damaged.code, damaged.lines], [1, []]);
  assertStringIncludes(
    damaged.errors[0],
    `journal: Cannot read the journal: "memory/${SEGMENT}" is damaged at byte 32`,
  );

  const foreign = new MemoryJournalFiles();
  const journal = createFileJournal({ files: foreign, log: silentLog });
  await Array.fromAsync(journal.replay());
  await journal.append([{ type: "loseWorker", address: "nobody:1", at: 0 }]);
  await journal.close();
  const { code, errors } = await run(foreign, "dir");
  assertEquals(code, 1);
  assertStringIncludes(errors[0], "at byte 32");
  assertStringIncludes(errors[0], 'worker "nobody:1" is not known');
});

Deno.test("a directory without a journal ends with status 1, wrong flags with 2", async () => {
  const files = new MemoryJournalFiles();
  assertEquals(await run(files, "dir"), {
    code: 1,
    lines: [],
    errors: ['journal: there is no journal in "dir"'],
  });
  for (const args of [[], ["a", "b"], ["dir", "--verfiy"]]) {
    const { code, lines, errors } = await run(files, ...args);
    assertEquals([code, lines, errors.length], [2, [], 1]);
  }
  assertStringIncludes((await run(files, "dir", "--verfiy")).errors[0], "--verfiy is not known");
});

Deno.test("--help says how to use it", async () => {
  const { code, lines } = await run(new MemoryJournalFiles(), "--help");
  assertEquals(code, 0);
  for (const word of ["DIR", "--verify", "--json", "--help"]) assert(lines[0].includes(word));
});

Deno.test("as a program, it reads a directory", async () => {
  const directory = await Deno.makeTempDir();
  const { journal } = await reopen(denoJournalFiles(directory));
  await journal.append(things(3));
  await journal.close();
  const { code, stdout } = await runProgram("journal.ts", [directory, "--verify"]);
  assertEquals([code, stdout], [0, "The journal is sound: 3 updates\n"]);
  assertEquals((await runProgram("journal.ts", [`${directory}/nothing`])).code, 1);
  await Deno.remove(directory, { recursive: true });
});
