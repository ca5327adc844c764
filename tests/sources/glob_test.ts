import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../src/base/mod.ts";
import { expandBraces, hasGlobCharacters, matchGlob } from "../../src/sources/mod.ts";

function check(pattern: string, matching: string[], other: string[]): void {
  const glob = matchGlob(pattern);
  for (const path of matching) assert(glob.test(path), `${pattern} must match ${path}`);
  for (const path of other) assert(!glob.test(path), `${pattern} must not match ${path}`);
}

Deno.test("stars and question marks stay within one part of the path", () => {
  check("*.txt", ["a.txt", "a.b.txt"], [".txt", "a.txtx", "d/a.txt", "atxt"]);
  check("d/*/x?", ["d/e/x1", "d/e/xä", "d/e/x😀"], ["d/x1", "d/e/f/x1", "d/e/x", "d/e/x12", "d/e/x/"]);
  check("*", ["a", "a\nb"], ["a/b", ""]);
});

Deno.test("two stars stand for any number of directories", () => {
  check("d/**/*.txt", ["d/a.txt", "d/e/a.txt", "d/e/f/a.txt"], [
    "a.txt",
    "e/d/a.txt",
    "d/.git/a.txt",
    "d/e/a.csv",
  ]);
  check("**", ["a", "d/a"], [".git/a", "d/.a"]);
  check("d**e", ["de", "dxe"], ["d/e", "dx/ye"]);
});

Deno.test("brackets stand for one character of a set", () => {
  check("[a-c][0-9]", ["a0", "c9"], ["d0", "a", "aa"]);
  check("x[!a-c]", ["xd", "x-", "xA"], ["xa", "x/", "x"]);
  check("x[^a]", ["xb"], ["xa"]);
  check("x[]a]", ["x]", "xa"], ["xb"]);
  check("x[a-]", ["xa", "x-"], ["xb"]);
  check("x[.*]", ["x.", "x*"], ["xa"]);
  check("x[z-a]", [], ["xz", "xa", "x-"]);
  check("x[a", ["x[a"], ["xa"]);
  check("x[+-9]y", ["x/y"].slice(1).concat("x0y"), ["x/y"]);
});

Deno.test("braces stand for several patterns, in groups too", () => {
  check("a.{txt,csv}", ["a.txt", "a.csv"], ["a.", "a.txtcsv"]);
  check("{a,b{1,2}}/*.x", ["a/q.x", "b1/q.x", "b2/q.x"], ["b/q.x"]);
  check("{d/e,f}/a", ["d/e/a", "f/a"], ["d/a"]);
  check("a{b}c{", ["a{b}c{"], ["abc"]);
  assertEquals(expandBraces("{a,b}{1,2}"), ["a1", "a2", "b1", "b2"]);
  assertEquals(expandBraces("\\{a,b}"), ["\\{a,b}"]);
});

Deno.test("a backslash takes away the meaning of a character", () => {
  check("a\\*b", ["a*b"], ["axb", "a\\*b"]);
  check("\\{a,b\\}", ["{a,b}"], ["a"]);
  check("a\\", ["a\\"], ["a"]);
});

Deno.test("names that begin with a dot want a dot in the pattern", () => {
  check(".*", [".git"], ["git"]);
  check("?git", ["xgit"], [".git"]);
  check("[.]git", [], [".git"]);
  check("*/a", ["d/a"], [".d/a"]);
});

Deno.test("a pattern with too many alternatives is refused", () => {
  const error = assertThrows(() => matchGlob("{a,b}".repeat(20)), InvalidArgumentError);
  assertEquals(
    error.message,
    `Cannot expand "${"{a,b}".repeat(20)}": its braces stand for more than 1000 patterns`,
  );
});

Deno.test("every string without glob characters matches itself and nothing else, and no pattern breaks the matcher", () => {
  const names = fc.string({ unit: fc.constantFrom(..."aä😀\n .$^(|)+-~"), minLength: 1, maxLength: 12 });
  fc.assert(fc.property(names, names, (name, other) => {
    fc.pre(!hasGlobCharacters(name) && !name.includes("\\"));
    assert(matchGlob(name).test(name));
    assertEquals(matchGlob(name).test(other), name === other);
  }));
  const patterns = fc.string({ unit: fc.constantFrom(..."*?[]{}!^-\\/.,az😀"), maxLength: 12 });
  fc.assert(fc.property(patterns, names, (pattern, name) => {
    matchGlob(pattern).test(name);
  }));
});
