import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { NotFoundError } from "../../../src/base/mod.ts";
import { describeSources } from "../../../src/dispatcher/splits/describe_sources.ts";
import type { SourceInfo } from "../../../src/graph/mod.ts";

const NAMES = Array.from({ length: 20 }, (_, i) => `f${i}`);
const files = (options: Partial<SourceInfo> = {}): SourceInfo => ({
  index: 0,
  kind: "files",
  count: -2,
  patterns: ["f*"],
  shuffle: false,
  seed: null,
  ...options,
});

async function order(source: SourceInfo, repetition = 0, seed = 1): Promise<string[]> {
  const [description] = await describeSources([source], {
    listFiles: (patterns) => Promise.resolve(patterns[0] === "f*" ? [...NAMES] : []),
    seed,
    repetition,
  });
  return description.kind === "files" ? description.names : [];
}

Deno.test("indexes keep their count, files are listed", async () => {
  const sources: SourceInfo[] = [{ index: 0, kind: "indexes", count: 7 }, files({ index: 1 })];
  const options = {
    listFiles: () => Promise.resolve(["b", "a"]),
    seed: 1,
    repetition: 0,
  };
  assertEquals(await describeSources(sources, options), [
    { kind: "indexes", count: 7 },
    { kind: "files", names: ["b", "a"] },
  ]);
});

Deno.test("a seeded shuffle gives one order, and another one in each repetition", async () => {
  const source = files({ shuffle: true, seed: 5 });
  const first = await order(source);
  assertNotEquals(first, NAMES);
  assertEquals([...first].sort(), [...NAMES].sort());
  assertEquals(await order(source, 0, 2), first);
  assertNotEquals(await order(source, 1), first);
});

Deno.test("a shuffle without a seed takes one by chance", async () => {
  const source = files({ shuffle: true });
  assertEquals(await order(source, 0, 1), await order(source, 0, 1));
  assertNotEquals(await order(source, 0, 1), await order(source, 0, 2));
  assertNotEquals(await order(source, 0, 1), await order(source, 1, 1));
});

Deno.test("an error of the listing is the caller's", async () => {
  const listFiles = () => Promise.reject(new NotFoundError('Cannot list "f*": no such file'));
  await assertRejects(
    () => describeSources([files()], { listFiles, seed: 1, repetition: 0 }),
    NotFoundError,
    'Cannot list "f*"',
  );
});
