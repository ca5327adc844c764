import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../src/base/mod.ts";
import { inlineFunction, moduleFunction, moduleFunctionsOf } from "../../src/graph/mod.ts";
import { checkNode } from "../../src/graph/mod.ts";
import { dataService, map, range } from "./support/nodes.ts";

Deno.test("an inline function has its source, its captures and itself", () => {
  const fn = (x: number) => x + 1;
  const ref = inlineFunction(fn, { scale: 2 });
  assertEquals([ref.kind, ref.source, ref.captures], ["inline", fn.toString(), { scale: 2 }]);
  assertStrictEquals(ref.live, fn);
  assertEquals(inlineFunction(fn).captures, null);
});

Deno.test("captures are copied at the call", () => {
  const captures = { table: new Float32Array([1, 2]), names: ["a"] };
  const ref = inlineFunction(() => 0, captures);
  captures.table[0] = 9;
  captures.names.push("b");
  assertEquals(ref.captures, { table: new Float32Array([1, 2]), names: ["a"] });
});

Deno.test("what is no function, and captures that are no elements, are refused at the call", () => {
  assertThrows(() => inlineFunction(3), InvalidArgumentError, "`fn` must be a function, got 3");
  assertThrows(
    () => inlineFunction(() => 0, { when: new Date(0) }),
    InvalidArgumentError,
    "as `captures`: at when",
  );
  assertThrows(
    () => moduleFunction("npm:a", "f", { helper: () => 0 }),
    InvalidArgumentError,
    "as `captures`: at helper",
  );
});

Deno.test("a module needs an absolute URL of a protocol that can be imported", () => {
  const ref = moduleFunction("file:///a/preprocess.ts", "decode", [1]);
  assertEquals({ ...ref }, {
    kind: "module",
    url: "file:///a/preprocess.ts",
    exportName: "decode",
    captures: [1],
    hash: null,
  });
  for (const url of ["npm:sharp@1", "jsr:@std/csv", "https://example.org/a.js", "data:text/javascript,1"]) {
    assertEquals(moduleFunction(url, "default").url, url);
  }
  for (const url of ["./a.ts", "sharp", "ftp://example.org/a.js", "blob:null/1"]) {
    assertThrows(() => moduleFunction(url, "f"), InvalidArgumentError, "`moduleUrl` must be an absolute URL");
  }
  assertThrows(() => moduleFunction("npm:a", ""), InvalidArgumentError, "`exportName` must not be empty");
});

Deno.test("the modules of a graph are found, below services too", () => {
  const decode = moduleFunction("npm:images", "decode");
  const key = moduleFunction("npm:keys", "key");
  const mapped = checkNode({
    op: "map",
    inputs: [map(range(3))],
    fn: decode,
    parallel: 1,
    deterministic: null,
  });
  const grouped = checkNode({
    op: "groupByWindow",
    inputs: [dataService(mapped)],
    key,
    reduce: decode,
    size: 3,
  });
  assertEquals(moduleFunctionsOf(grouped), [decode, key, decode]);
});
