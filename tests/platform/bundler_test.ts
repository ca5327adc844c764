import { assert, assertEquals, assertNotEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { InvalidArgumentError, NotFoundError } from "../../src/base/mod.ts";
import { createModuleBundler, type ModuleBundle } from "../../src/platform/bundler.ts";

/** A folder with the given files, gone at the end of the test. */
async function folder(
  files: Record<string, string>,
): Promise<AsyncDisposable & { url(name: string): string }> {
  const path = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${path}/${name}`, text);
  return {
    url: (name) => new URL(`file://${path}/${name}`).href,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

// deno-lint-ignore no-explicit-any -- what a module exports is not known before it is loaded
const load = ({ code }: ModuleBundle): Promise<any> =>
  import(`data:text/javascript,${encodeURIComponent(code)}`);

Deno.test("a module travels with what it imports", async () => {
  await using dir = await folder({
    "a.ts": `import { ten } from "./b.ts"; import d from "./d.json" with { type: "json" };
      import type { T } from "./types_that_do_not_exist.ts";
      export const decode = (x: number): number => x * ten + d.n;`,
    "b.ts": "export const ten: number = 10;",
    "d.json": '{ "n": 3 }',
  });
  const bundle = await createModuleBundler()(dir.url("a.ts"));
  assertEquals((await load(bundle)).decode(4), 43);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(bundle.code));
  assertEquals(bundle.hash, new Uint8Array(digest).toHex());
});

Deno.test("npm packages stay outside, of exact versions, whatever name the module has for them", async () => {
  await using dir = await folder({
    "deno.json": '{ "imports": { "parser": "npm:acorn@8.19.0" }, "lock": false }',
    "a.ts": `import { parse } from "parser"; import { version } from "npm:acorn@^8.0.0";
      export const lazily = async () => (await import("parser")).version;
      export const text = 'import { parse } from "parser"'; // import "parser"
      export const end = (code: string) => parse(code, { ecmaVersion: 2022 }).end + version;`,
  });
  const bundle = await createModuleBundler()(dir.url("a.ts"));
  const module = await load(bundle);
  assertEquals(module.end("1+1"), "38.19.0");
  assertEquals(await module.lazily(), "8.19.0");
  assertEquals(module.text, 'import { parse } from "parser"');
  assert(bundle.code.length < 2_000, "the package is not in the bundle");
  assertEquals(bundle.code.match(/"npm:acorn@[^"]*"/g), Array(3).fill('"npm:acorn@8.19.0"'));
});

Deno.test("an unchanged module is bundled once, a change in a module that it imports is seen", async () => {
  await using dir = await folder({
    "a.ts": `export { x } from "./b.ts";`,
    "b.ts": "export const x = 1;",
  });
  const bundler = createModuleBundler();
  const [first, same] = await Promise.all([bundler(dir.url("a.ts")), bundler(dir.url("a.ts"))]);
  assertStrictEquals(first, same);
  assertStrictEquals(await bundler(dir.url("a.ts")), first);
  await Deno.writeTextFile(new URL(dir.url("b.ts")), "export const x = 1234;");
  const changed = await bundler(dir.url("a.ts"));
  assertNotEquals(changed.hash, first.hash);
  assertEquals((await load(changed)).x, 1234);
});

Deno.test("a bundle that cannot be made says which module is at fault", async () => {
  await using dir = await folder({
    "typo.ts": "export const = 1;",
    "dangling.ts": `import "./gone.ts"; export const x = 1;`,
    "bare.ts": `import { x } from "nowhere"; export { x };`,
  });
  const bundler = createModuleBundler();
  const refused = (name: string, Class: new (message: string) => Error, words: string) =>
    assertRejects(() => bundler(dir.url(name)), Class, words);
  await refused("none.ts", NotFoundError, `Cannot bundle "${dir.url("none.ts")}": no such module`);
  await refused("dangling.ts", NotFoundError, `as it imports "${dir.url("gone.ts")}": no such module`);
  await refused("typo.ts", InvalidArgumentError, `Cannot bundle "${dir.url("typo.ts")}": SyntaxError`);
  await refused("bare.ts", InvalidArgumentError, `imports "nowhere"`);
  for (const url of ["https://example.com/a.ts", "npm:acorn", "a.ts", ""]) {
    await assertRejects(
      () => bundler(url),
      InvalidArgumentError,
      `Cannot bundle "${url}": only local modules`,
    );
  }
});

Deno.test("an abort ends the wait at once, for the one who aborts only", async () => {
  await using dir = await folder({ "a.ts": "export const x = 1;" });
  const bundler = createModuleBundler();
  const reason = new Error("enough");
  await assertRejects(() => bundler(dir.url("a.ts"), { signal: AbortSignal.abort(reason) }), Error, "enough");

  const leaving = new AbortController();
  const left = assertRejects(() => bundler(dir.url("a.ts"), { signal: leaving.signal }), Error, "enough");
  const staying = bundler(dir.url("a.ts"));
  leaving.abort(reason);
  await left;
  assertEquals((await load(await staying)).x, 1);
});

Deno.test("a bundle that everybody has given up is made anew for the next who asks", async () => {
  await using dir = await folder({ "a.ts": "export const x = 1;" });
  const bundler = createModuleBundler();
  const leaving = new AbortController();
  const left = assertRejects(() => bundler(dir.url("a.ts"), { signal: leaving.signal }), Error, "enough");
  leaving.abort(new Error("enough"));
  await left;
  assertEquals((await load(await bundler(dir.url("a.ts")))).x, 1);
});
