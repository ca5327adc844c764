import { assertEquals, assertThrows } from "@std/assert";
import { withResults } from "./report.ts";
import { compare } from "./result.ts";

const BEGIN = "<!-- results: written by deno task bench --write -->";
const END = "<!-- end of results -->";

const report = {
  date: "2026-01-02T03:04:05.000Z",
  machine: "2 cores",
  quick: false,
  results: [
    compare({
      row: "dynamic",
      workload: "DYNAMIC",
      unit: "elements/s",
      against: "OFF",
      goal: { atLeast: 0.9 },
      ours: [95],
      theirs: [100],
    }),
  ],
  failures: [{ row: "scalars", error: "The worker ended" }],
};

Deno.test("The results replace those of the last run, and nothing else of the page", () => {
  const page = `# Performance\n\n${BEGIN}\n\nold\n\n${END}\n\nThe end.\n`;
  const once = withResults(page, report);
  assertEquals(once.includes("old"), false);
  assertEquals(once.startsWith(`# Performance\n\n${BEGIN}\n\nMeasured 2026-01-02 on 2 cores.\n`), true);
  assertEquals(
    once.includes("| DYNAMIC | 0.95 | ≥ 0.9 | yes | 95.0 elements/s | OFF: 100 elements/s |  |"),
    true,
  );
  assertEquals(
    once.endsWith(`\`scalars\` could not be measured: The worker ended\n\n${END}\n\nThe end.\n`),
    true,
  );
  assertEquals(withResults(once, report), once);
});

Deno.test("A page without a place for results is refused", () => {
  assertThrows(() => withResults("# Performance\n", report), Error, "The page has no");
  assertThrows(() => withResults(`${END}\n${BEGIN}`, report), Error, "The page has no");
});
