import { assertEquals } from "@std/assert";
import { outerReferences } from "../../../src/graph/shipping/outer_references.ts";
import { parseFunction } from "../../../src/graph/shipping/syntax.ts";

/** What the source refers to outside itself; keywords and imports with their kind. */
function outer(source: string): string[] {
  const syntax = parseFunction(source);
  if (syntax.kind === "refused") throw new Error(syntax.problem);
  return outerReferences(syntax.root).map(({ kind, name }) => kind === "variable" ? name : `${kind} ${name}`);
}

const CASES: [source: string, ...names: string[]][] = [
  // Parameters
  ["(x) => x * scale", "scale"],
  ["x => x + y + y", "y"],
  ["({ a, b: c, ...rest }, [d, , e], ...more) => [a, c, rest, d, e, more]"],
  ["({ b: c }) => b + c", "b"],
  ["({ [key]: value }) => value", "key"],
  ["(x, y = x + outer) => y", "outer"],
  ["(f = () => x, x = 1) => f()"],
  ["({ a = b }) => a", "b"],
  ["(x = y) => { var y; return x; }", "y"],
  // Kinds of functions
  ["function (x) { return x + arguments.length; }"],
  ["() => arguments", "arguments"],
  ["function outer() { return () => arguments; }"],
  ["function self(n) { return n ? self(n - 1) : 0; }"],
  ["async (x) => await load(x)", "load"],
  ["async function* (xs) { for await (const x of xs) yield x; }"],
  ["function* () { yield* other(); }", "other"],
  ["method(x) { return x + y; }", "y"],
  ["async *method(x) { yield x; }"],
  ["[name](x) { return x; }", "name"],
  ["get(x) { return x; }"],
  ["if(x) { return x; }"],
  // Declarations and hoisting
  ["() => { a(); function a() { b = 1; } var b; }"],
  ["() => { x = 1; if (true) { for (var x of []) ; } }"],
  ["() => { { let inner; } return inner; }", "inner"],
  ["() => { { function inner() {} } return inner; }", "inner"],
  ["() => { { class Inner {} } return Inner; }", "Inner"],
  ["() => { try { var a; } catch { var b; } finally { var c; } return [a, b, c]; }"],
  ["() => { switch (1) { case 1: let a; var b; } return [a, b]; }", "a"],
  ["() => { label: { var a; } return a; }"],
  ["() => { function inner() { var a; } return a; }", "a"],
  ["() => { const { a, ...b } = {}, [c = d] = []; return [a, b, c]; }", "d"],
  ["() => { using a = open(); return a; }", "open"],
  // Scopes of statements
  ["() => { for (let i = 0; i < n; i++) ; return i; }", "n", "i"],
  ["() => { for (const k in o) k; for (const v of vs) v; for (e of []) ; }", "o", "vs", "e"],
  ["() => { try {} catch ({ message, code = c }) { message; code; } return message; }", "c", "message"],
  ["() => { try {} catch { e; } }", "e"],
  ["() => { done: while (true) { if (true) break done; else continue done; } }"],
  // Names that are no references
  ["(x) => x.scale.offset + x?.other"],
  ["(x) => x[key]", "key"],
  ["(x) => ({ scale: x, offset() {}, get other() { return 1; }, [name]: x })", "name"],
  ["(x) => ({ x, scale })", "scale"],
  ["(x) => { ({ a: x.b, c } = x); }", "c"],
  ["() => { [a, b = c] = []; }", "a", "c", "b"],
  ["() => typeof anything"],
  ["() => typeof anything.at", "anything"],
  ["() => { count++; }", "count"],
  ["(x) => `${x} ${y}`", "y"],
  ["(x) => tag`${x}`", "tag"],
  ["(x) => /scale/g.test(x)"],
  // Classes
  [
    "() => { class A extends B { static a = A; b = c; #d = 1; [e]() { return this.#d; } } return A; }",
    "B",
    "c",
    "e",
  ],
  ["() => { class A { static { var a; let b; a; b; this.c = a; } } return a; }", "a"],
  ["() => class Named { make() { return Named; } }"],
  ["() => { class A { get b() { return super.b; } } }", "keyword super"],
  ["(x) => #a in x ? 1 : 0".replace("#a", "a"), "a"],
  // Keywords and imports
  ["() => this.scale", "keyword this"],
  ["function () { return () => this; }"],
  ["() => ({ a() { return this; } })"],
  ["() => class { a = this; b = () => this; static c = this; }"],
  ["() => class { [this.key]() {} }", "keyword this"],
  ["m() { return super.m(); }", "keyword super"],
  ["() => super.m()", "keyword super"],
  ["() => import.meta.url", "keyword import.meta"],
  ["function () { return new.target; }"],
  ['() => import("./other.ts")', "import ./other.ts"],
  ['() => import("../other.ts")', "import ../other.ts"],
  ['() => import("npm:sharp")'],
  ["(name) => import(name + suffix)", "suffix"],
];

for (const [source, ...names] of CASES) {
  Deno.test(`outer references of ${source}`, () => assertEquals(outer(source).sort(), names.sort()));
}

Deno.test("lines are those of the source, and each name comes once, in the order of the lines", () => {
  const syntax = parseFunction("(x) =>\n  x + a +\n  b + a");
  if (syntax.kind === "refused") throw new Error(syntax.problem);
  assertEquals(outerReferences(syntax.root).map(({ name, line }) => [name, line]), [["a", 2], ["b", 3]]);
});
