import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FailedPreconditionError, InvalidArgumentError, NotFoundError } from "../../src/base/mod.ts";
import { Dataset } from "../../src/dataset/dataset.ts";
import { functionRef, udf } from "../../src/dataset/udf.ts";
import type { FunctionContext } from "../../src/dataset/function_context.ts";

interface Module {
  half(x: number): number;
  plus(x: number, context: FunctionContext<{ offset: number }>): number;
  numbers(context: FunctionContext): Iterable<number>;
  default(x: number): string;
}

const url = `data:text/javascript,${
  encodeURIComponent(`
    export const half = (x) => x / 2;
    export const plus = (x, { captures }) => x + captures.offset;
    export function* numbers() { yield 1; yield 2; }
    export default (x) => "<" + x + ">";
    export const data = 5;
  `)
}`;

Deno.test("a function by reference stands wherever a dataset takes a function", async () => {
  const numbers = Dataset.fromGenerator(udf<Module, "numbers">(url, "numbers"));
  assertEquals(await numbers.map(udf<Module, "half">(url, "half")).toArray(), [0.5, 1]);
  assertEquals(await numbers.map(udf<Module, "default">(url, "default")).toArray(), ["<1>", "<2>"]);
  assertEquals(await Dataset.range(2).filter(udf<Module, "half">(url, "half")).toArray(), [1]);
});

Deno.test("captures come from udf() or from the operator, which goes first", async () => {
  const plus = udf<Module, "plus">(url, "plus", { captures: { offset: 10 } });
  assertEquals(await Dataset.range(2).map(plus).toArray(), [10, 11]);
  assertEquals(await Dataset.range(2).map(plus, { captures: { offset: 5 } }).toArray(), [5, 6]);
});

Deno.test("a reference is not called, but says so", () => {
  const half = udf<Module, "half">(url, "half");
  assertThrows(() => half(1), FailedPreconditionError, 'Cannot call "half"');
});

Deno.test("a reference to what is no function fails when it is read", async () => {
  const read = (name: string) => Dataset.range(1).map(udf(url, name)).toArray();
  await assertRejects(() => read("none"), NotFoundError, '"none"');
  await assertRejects(() => read("data"), InvalidArgumentError, '"data"');
});

Deno.test("arguments are checked at the call", () => {
  assertThrows(
    () => udf("./preprocess.ts", "f"),
    InvalidArgumentError,
    "`moduleUrl` must be an absolute URL",
  );
  assertThrows(() => udf(5 as never, "f"), InvalidArgumentError, "`moduleUrl` must be a string");
  assertThrows(() => udf(url, ""), InvalidArgumentError, "`exportName` must not be empty");
  assertThrows(() => udf(url, "half", { capture: 1 } as never), InvalidArgumentError, '"capture"');
  assertThrows(() => udf(url, "half", { captures: new Map() }), InvalidArgumentError, "Map");
});

Deno.test("the graph holds the reference, not the stand-in", () => {
  const ref = functionRef(udf(url, "half", { captures: [1] }), undefined);
  assertEquals(ref, { kind: "module", url, exportName: "half", captures: [1], hash: null });
});
