import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../../src/base/mod.ts";
import { DONE, execute } from "../../../src/executor/mod.ts";
import { checkNode, type GraphNode } from "../../../src/graph/mod.ts";
import { map } from "../operator_table.ts";
import { probe } from "../probe.ts";
import { fromArray, range, run, runSync, runWithErrors, testContext } from "../support.ts";

const zip = (...inputs: GraphNode[]) => checkNode({ op: "zip", inputs });
const repeat = (input: GraphNode, count = -1) => checkNode({ op: "repeat", inputs: [input], count });
const take = (input: GraphNode, count: number) => checkNode({ op: "take", inputs: [input], count });
const sample = (inputs: GraphNode[], weights: number[] | null, seed: number | null = 1) =>
  checkNode({ op: "sampleFromDatasets", inputs, weights, seed });
const choose = (inputs: GraphNode[], choices: GraphNode) =>
  checkNode({ op: "chooseFromDatasets", inputs: [...inputs, choices] });
const foo = repeat(fromArray(["foo"]));
const bar = repeat(fromArray(["bar"]));

Deno.test("zip ends with its first input to end, and pulls none behind it", () => {
  const { node, counts } = probe([7, 8, 9]);
  assertEquals(runSync(zip(range(2), node)), [[0, 7], [1, 8]]);
  assertEquals(counts.pulled, 2);
});

Deno.test("zip keeps its rows together behind an error", async () => {
  for (const later of [false, true]) {
    const failing = (at: number) =>
      map(range(4), (x: number) => {
        if (x === at) throw new Error(`no ${x}`);
        return later ? Promise.resolve(x) : x;
      });
    const expected = [
      [0, 0, 0],
      "InternalError: Cannot map element 1: no 1",
      "InternalError: Cannot map element 2: no 2",
      [3, 3, 3],
    ];
    assertEquals(await runWithErrors(zip(failing(1), range(4), failing(2))), expected);
  }
});

Deno.test("concatenate gives its inputs one after the other and closes those it never reached", async () => {
  const [first, second] = [probe([1, 2]), probe([3])];
  const node = checkNode({ op: "concatenate", inputs: [first.node, second.node] });
  assertEquals(runSync(node), [1, 2, 3]);
  const iterator = execute(node, testContext());
  iterator.next();
  await iterator.close();
  assertEquals([first.counts.closed, second.counts.begun], [1, 1]);
});

Deno.test("sampleFromDatasets draws by weights, gives everything, and repeats with its seed", () => {
  const endless = [foo, bar, repeat(fromArray(["baz"]))];
  const drawn = runSync(take(sample(endless, [0.6, 0.3, 0.1]), 1_000));
  const count = (name: string) => drawn.filter((item) => item === name).length;
  assert(count("foo") > 500 && count("foo") < 700, `${count("foo")}`);
  assert(count("baz") > 50 && count("baz") < 150, `${count("baz")}`);
  assertEquals(drawn, runSync(take(sample(endless, [0.6, 0.3, 0.1]), 1_000)));
  const all = runSync(sample([range(5), fromArray([10, 11]), range(0)], null));
  assertEquals(all.filter((x) => Number(x) < 10), [0, 1, 2, 3, 4]);
  assertEquals(all.filter((x) => Number(x) >= 10), [10, 11]);
});

Deno.test("sampleFromDatasets never draws an input without weight", () => {
  assertEquals(runSync(take(sample([foo, range(3)], [0, 1]), 9)), [0, 1, 2]);
});

Deno.test("chooseFromDatasets follows the choices, skips inputs that have ended, and ends with the choices", () => {
  assertEquals(runSync(choose([foo, bar], fromArray([0, 1, 1, 0]))), ["foo", "bar", "bar", "foo"]);
  assertEquals(runSync(choose([range(1), bar], fromArray([0, 0, 1, 0, 1]))), [0, "bar", "bar"]);
});

Deno.test("chooseFromDatasets ends when all its inputs have", () => {
  assertEquals(runSync(choose([range(2)], repeat(fromArray([0])))), [0, 1]);
});

Deno.test("chooseFromDatasets refuses a choice that is no input, and goes on", async () => {
  assertThrows(
    () => runSync(choose([foo, bar], fromArray([2]))),
    InvalidArgumentError,
    "Cannot chooseFromDatasets element 0: the choice must be a whole number from 0 to 1, got 2",
  );
  const items = await runWithErrors(choose([foo], fromArray([0, "a", 0])));
  assertEquals([items[0], items[2]], ["foo", "foo"]);
});

Deno.test("the inputs of combined datasets are closed when the reader leaves", async () => {
  const combine: ((a: GraphNode, b: GraphNode) => GraphNode)[] = [
    (a, b) => zip(a, b),
    (a, b) => sample([a, b], null),
    (a, b) => choose([a, b], fromArray([0, 1, 0, 1])),
  ];
  for (const build of combine) {
    const [a, b] = [probe([1, 2, 3], "async", true), probe([1, 2, 3], "async", true)];
    const iterator = execute(build(a.node, b.node), testContext());
    for (let i = 0; i < 3; i++) await iterator.next();
    await iterator.close();
    for (const { counts } of [a, b]) assertEquals(counts.closed, counts.begun);
    assertEquals(await iterator.next(), DONE);
  }
});

Deno.test("zip waits for inputs in the middle of a row", async () => {
  const later = map(range(3), (x: number) => Promise.resolve(x * 10));
  assertEquals(await run(zip(range(3), later, range(9))), [[0, 0, 0], [1, 10, 1], [2, 20, 2]]);
});
