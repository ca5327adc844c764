import { assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../../src/base/mod.ts";
import { checkFunction, type InlineFunction, inlineFunction } from "../../../src/graph/mod.ts";
import { STANDARD_GLOBALS } from "../../../src/graph/shipping/standard_globals.ts";

function inline(source: string): InlineFunction {
  return { kind: "inline", source, captures: null };
}

function messageFor(source: string): string {
  return assertThrows(() => checkFunction(inline(source), "map"), InvalidArgumentError).message;
}

Deno.test("an outer variable is refused with its name, its line and the way to pass it", () => {
  assertEquals(
    messageFor("(x) => x * scale"),
    'Cannot ship the function of map: it uses the outer variable "scale" (line 1: "(x) => x * scale"); ' +
      "pass it with { captures: { scale } } and read it as context.captures.scale",
  );
});

Deno.test("several outer variables are all named", () => {
  assertEquals(
    messageFor("(x) => {\n  const y = x * scale;\n  return y + offset;\n}"),
    'Cannot ship the function of map: it uses the outer variables "scale" (line 2: "const y = x * scale;") and ' +
      '"offset" (line 3: "return y + offset;"); pass them with { captures: { scale, offset } } and read them as ' +
      "context.captures.scale and context.captures.offset",
  );
});

Deno.test("a long line is cut", () => {
  const message = messageFor(`(x) => scale + ${"x + ".repeat(100)}x`);
  assertEquals(message.includes('"(x) => scale + x + x'), true);
  assertEquals(message.length < 260, true);
});

Deno.test("a real function that closes over a variable is refused", () => {
  const scale = 3;
  const ref = inlineFunction((x: number) => x * scale);
  const { message } = assertThrows(() => checkFunction(ref, "filter"), InvalidArgumentError);
  assertEquals(
    message.startsWith('Cannot ship the function of filter: it uses the outer variable "scale"'),
    true,
  );
});

Deno.test("functions with large tables and long sums in them are checked", () => {
  checkFunction(inline(`() => { var t = [${"1, ".repeat(130_000)}]; return t; }`), "map");
  assertEquals(messageFor(`(x) => { return ${"x + ".repeat(1_000)}y; }`).includes('"y"'), true);
});

Deno.test("Dataset comes from the context", () => {
  const message = messageFor("(x) => Dataset.range(x)");
  assertEquals(message.endsWith("; use context.Dataset instead"), true);
});

Deno.test("what is no plain function is refused by what it is", () => {
  const accessor = Object.getOwnPropertyDescriptor({
    get x() {
      return 1;
    },
  }, "x")!.get!;
  const cases: [fn: unknown, problem: string][] = [
    [Math.max, "it is a native or bound function"],
    [((x: number) => x).bind(null), "it is a native or bound function"],
    [class A {}, "it is a class"],
    [accessor, "it is a getter or setter"],
  ];
  for (const [fn, problem] of cases) {
    assertThrows(() => checkFunction(inlineFunction(fn), "map"), InvalidArgumentError, problem);
  }
  assertEquals(messageFor("(x) => {").includes("it cannot be parsed ("), true);
  assertEquals(messageFor("42").includes("it is no function expression"), true);
});

Deno.test("what belongs to the code around is refused with its line", () => {
  assertEquals(messageFor("() => this.x").includes('it uses "this" (line 1: "() => this.x")'), true);
  assertEquals(messageFor("() => import.meta.url").includes('it uses "import.meta"'), true);
  assertEquals(messageFor("m() { return super.m(); }").includes('it uses "super"'), true);
  const message = messageFor('() => import("./a.ts")');
  assertEquals(message.includes('it imports "./a.ts" (line 1: '), true);
  assertEquals(message.includes("use udf()"), true);
});

Deno.test("functions that stand on their own pass, with the globals of the language and the platform", () => {
  for (
    const fn of [
      (x: number) => Math.sqrt(x),
      async (url: string) => new Uint8Array(await (await fetch(url)).arrayBuffer()),
      function* (n: number) {
        for (let i = 0; i < n; i++) yield structuredClone({ i });
      },
      { method: (x: string) => new TextEncoder().encode(x) }.method,
      (_: unknown, { captures }: { captures: { scale: number } }) => captures.scale,
      () => typeof Deno === "undefined" ? console.log("elsewhere") : Deno.cwd(),
    ]
  ) checkFunction(inlineFunction(fn), "map");
});

Deno.test("every standard global of the list that this runtime has is one", () => {
  // Guards the list against typing errors: a name that is neither here nor known to be elsewhere is one.
  const elsewhere = [
    "Buffer",
    "Bun",
    "FileReader",
    "ImageData",
    "Temporal",
    "caches",
    "global",
    "clearImmediate",
  ]
    .concat(
      "setImmediate",
      "BroadcastChannel",
      "createImageBitmap",
      "AsyncDisposableStack",
      "DisposableStack",
    );
  const missing = [...STANDARD_GLOBALS].filter((name) => !(name in globalThis) && !elsewhere.includes(name));
  assertEquals(missing, []);
});
