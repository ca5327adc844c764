import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { FailedPreconditionError, InvalidArgumentError, NotFoundError } from "../../src/base/mod.ts";
import {
  createFunctionRuntime,
  type FunctionRef,
  type InlineFunction,
  inlineFunction,
  moduleFunction,
} from "../../src/graph/mod.ts";

const HASH = "ab".repeat(32);

function shipped(source: string): InlineFunction {
  return { kind: "inline", source, captures: null };
}

function bundled(exportName: string): FunctionRef {
  return { kind: "module", url: "file:///preprocess.ts", exportName, captures: null, hash: HASH };
}

Deno.test("a live function is called itself", () => {
  const fn = (x: number) => x + 1;
  assertStrictEquals(createFunctionRuntime().resolve(inlineFunction(fn)), fn);
});

Deno.test("a shipped function is compiled once, whatever its form", async () => {
  const runtime = createFunctionRuntime();
  const call = async (source: string, ...args: unknown[]) =>
    await (await runtime.resolve(shipped(source)))(...args);
  assertEquals(await call("(x) => x * 2", 4), 8);
  assertEquals(await call("(x) => x * 2 // twice", 4), 8);
  assertEquals(await call("function (x) { return x * 3; }", 4), 12);
  assertEquals(await call("async (x) => x * 4", 4), 16);
  assertEquals([...await call("function* (n) { yield n; yield n + 1; }", 4) as Iterable<number>], [4, 5]);
  assertEquals(await call("method(x) { return x * 5; }", 4), 20);
  assertEquals(await call("async method(x) { return x * 6; }", 4), 24);
  assertEquals(await call('"a name"(x) { return x * 7; }', 4), 28);
  assertEquals(await call("[Symbol.iterator](x) { return x * 8; }", 4), 32);
  assertEquals(await call("get(x) { return x * 9; }", 4), 36);
  assertStrictEquals(runtime.resolve(shipped("(x) => x")), runtime.resolve(shipped("(x) => x")));
});

Deno.test("shipped functions run in strict mode and without the scope around them", async () => {
  const runtime = createFunctionRuntime();
  assertEquals((await runtime.resolve(shipped("function () { return this; }")))(), undefined);
  const leaky = await runtime.resolve(shipped("() => typeof runtime + typeof source"));
  assertEquals(leaky(), "undefinedundefined");
});

Deno.test("source that is no function is refused", () => {
  const runtime = createFunctionRuntime();
  assertThrows(
    () => runtime.resolve(shipped("(x) => {")),
    InvalidArgumentError,
    "Cannot compile the function",
  );
  assertThrows(() => runtime.resolve(shipped("42")), InvalidArgumentError, "it is 42");
  assertThrows(
    () => runtime.resolve(shipped("get x() { return 1; }")),
    InvalidArgumentError,
    "Cannot compile",
  );
});

Deno.test("code that travelled with the graph is imported by its hash, and once", async () => {
  const code = 'export const twice = (x) => x * 2; export const greeting = "Grüße 🌍";' +
    "export default () => greeting; let calls = 0; export const count = () => ++calls;";
  const runtime = createFunctionRuntime({ modules: new Map([[HASH, code]]) });
  const first = runtime.resolve(bundled("twice"));
  assertInstanceOf(first, Promise);
  assertEquals((await first)(4), 8);
  const loaded = runtime.resolve(bundled("default"));
  assertEquals(typeof loaded, "function");
  assertEquals((await loaded)(), "Grüße 🌍");
  assertEquals([(await runtime.resolve(bundled("count")))(), (await runtime.resolve(bundled("count")))()], [
    1,
    2,
  ]);
});

Deno.test("large code is imported too", async () => {
  const code = `export const size = () => ${JSON.stringify("ä".repeat(200_000))}.length;`;
  const runtime = createFunctionRuntime({ modules: new Map([[HASH, code]]) });
  assertEquals((await runtime.resolve(bundled("size")))(), 200_000);
});

Deno.test("a module without code of its own is imported by its URL", async () => {
  const ref = moduleFunction("data:text/javascript,export const f = (x) => x - 1", "f");
  assertEquals((await createFunctionRuntime().resolve(ref))(4), 3);
});

Deno.test("what is missing is named", async () => {
  const runtime = createFunctionRuntime({ modules: new Map([[HASH, "export const n = 1;"]]) });
  await assertRejects(
    async () => await runtime.resolve(bundled("f")),
    NotFoundError,
    'Cannot find the export "f" of the module "file:///preprocess.ts"',
  );
  await assertRejects(
    async () => await runtime.resolve(bundled("n")),
    InvalidArgumentError,
    "it is 1, not a function",
  );
  await assertRejects(
    async () => await createFunctionRuntime().resolve(bundled("f")),
    NotFoundError,
    "its code did not travel with the dataset",
  );
  await assertRejects(
    async () => await createFunctionRuntime().resolve(moduleFunction("data:text/javascript,throw 7", "f")),
    FailedPreconditionError,
    'Cannot load the module "data:text/javascript,throw 7": 7',
  );
});
