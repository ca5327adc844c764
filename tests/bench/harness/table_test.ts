import { assertEquals } from "@std/assert";
import { compare } from "./result.ts";
import { showColumns, showMarkdown, showNumber, showTable } from "./table.ts";

const results = [
  compare({
    row: "scalars",
    workload: "scalars, OFF",
    unit: "elements/s",
    against: "TensorFlow",
    goal: { atLeast: 80 },
    ours: [500_000],
    theirs: [5_000],
  }),
  compare({
    row: "lanes",
    workload: "2 lanes",
    unit: "elements/s",
    against: "1 lane",
    goal: { atLeast: 1.7 },
    ours: [],
    theirs: [],
    note: "not available: a|b",
  }),
];

Deno.test("Numbers show the digits that mean something", () => {
  assertEquals(
    [1_234_567.8, 999.6, 123.4, 12.34, 1.234, 0.0456].map(showNumber),
    ["1,234,568", "1000", "123", "12.3", "1.23", "0.05"],
  );
});

Deno.test("Columns are as wide as their widest cell, and no line ends with spaces", () => {
  assertEquals(showColumns([["a", "b"], ["long", ""]]), "a     b\n----  -\nlong");
});

Deno.test("The table says ratio, goal and verdict of each row, and why there is none", () => {
  assertEquals(showTable(results).split("\n"), [
    "workload      ratio  goal   met  ours                against                       remark",
    "------------  -----  -----  ---  ------------------  ----------------------------  ------------------",
    "scalars, OFF  100    ≥ 80   yes  500,000 elements/s  TensorFlow: 5,000 elements/s",
    "2 lanes       –      ≥ 1.7  –    –                   1 lane                        not available: a|b",
  ]);
});

Deno.test("The same table in Markdown keeps its cells whole", () => {
  const lines = showMarkdown(results).split("\n");
  assertEquals(lines[0], "| workload | ratio | goal | met | ours | against | remark |");
  assertEquals(lines[3], "| 2 lanes | – | ≥ 1.7 | – | – | 1 lane | not available: a\\|b |");
});
