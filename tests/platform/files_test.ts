import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  InvalidArgumentError,
  joinBytes,
  NotFoundError,
  PermissionDeniedError,
  UnavailableError,
} from "../../src/base/mod.ts";
import { fileError } from "../../src/platform/file_source.ts";
import { denoFileSystem } from "../../src/platform/mod.ts";
import { readRecords } from "../../src/sources/mod.ts";
import { testByteSource } from "../sources/byte_source_contract.ts";
import { readAll, utf8 } from "../sources/helpers.ts";
import { serveFiles } from "../sources/http_fixture.ts";

/** A directory with files, that goes when the test ends. */
async function directoryWith(files: Record<string, Uint8Array | string>) {
  const path = await Deno.makeTempDir();
  for (const [name, content] of Object.entries(files)) {
    const file = `${path}/${name}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(file, typeof content === "string" ? utf8(content) : content);
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

testByteSource("file", async (contents) => {
  const directory = await directoryWith(contents);
  return { ...directory, files: denoFileSystem, nameOf: (file: string) => `${directory.path}/${file}` };
});

testByteSource("file URL", async (contents) => {
  const directory = await directoryWith(contents);
  return {
    ...directory,
    files: denoFileSystem,
    nameOf: (file: string) => `file://${directory.path}/${file}`,
  };
}, { skip: { lists: "lists give paths, which the test below checks" } });

async function listed(path: string, pattern: string): Promise<string[]> {
  return (await denoFileSystem.list(`${path}/${pattern}`)).map((name) => name.slice(path.length + 1));
}

Deno.test("globs find files, sorted by code unit", async () => {
  const names = [
    "B.txt",
    "a.txt",
    "b.csv",
    "d/a.txt",
    "d/e/a.txt",
    "d/e/f/z.txt",
    ".git/a.txt",
    "d/.a.txt",
    "ä.txt",
  ];
  await using directory = await directoryWith(Object.fromEntries(names.map((name) => [name, name])));
  const cases: [pattern: string, names: string[]][] = [
    ["*", ["B.txt", "a.txt", "b.csv", "ä.txt"]],
    ["?.txt", ["B.txt", "a.txt", "ä.txt"]],
    ["[ab].*", ["a.txt", "b.csv"]],
    ["{a,b}.{txt,csv}", ["a.txt", "b.csv"]],
    ["*/a.txt", ["d/a.txt"]],
    ["**/a.txt", ["a.txt", "d/a.txt", "d/e/a.txt"]],
    ["d/**", ["d/a.txt", "d/e/a.txt", "d/e/f/z.txt"]],
    ["d/**/e/*", ["d/e/a.txt"]],
    ["d/**/f/**/*", ["d/e/f/z.txt"]],
    [".g*/*", [".git/a.txt"]],
    ["{d/e,.git}/a.txt", [".git/a.txt", "d/e/a.txt"]],
    ["{a,?}.txt", ["B.txt", "a.txt", "ä.txt"]],
    ["d/./e//a.t[x]t", ["d/./e//a.txt"]],
    ["\\a.txt", ["a.txt"]],
  ];
  for (const [pattern, expected] of cases) {
    assertEquals(await listed(directory.path, pattern), expected, pattern);
  }
});

Deno.test("relative patterns start at the current directory", async () => {
  const here = import.meta.dirname!.slice(Deno.cwd().length + 1);
  const name = (file: string) => here === "" ? file : `${here}/${file}`;
  assertEquals(await denoFileSystem.list(name("files_te[s]t.ts")), [name("files_test.ts")]);
  assertEquals(await denoFileSystem.list(name("files_test.ts")), [name("files_test.ts")]);
  assertEquals(await denoFileSystem.list(`./${name("f*es_test.ts")}`), [`./${name("files_test.ts")}`]);
  assertEquals((await denoFileSystem.list("**/files_test.ts")).includes(name("files_test.ts")), true);
});

Deno.test("a name that exists is taken literally, whatever characters it has", async () => {
  await using directory = await directoryWith({
    "a[1].txt": "",
    "a1.txt": "",
    "{b}.txt": "",
    "w*.txt": "",
    "wx.txt": "",
  });
  assertEquals(await listed(directory.path, "a[1].txt"), ["a[1].txt"]);
  assertEquals(await listed(directory.path, "a[1]*.txt"), ["a1.txt"]);
  assertEquals(await listed(directory.path, "{b}.txt"), ["{b}.txt"]);
  assertEquals(await listed(directory.path, "w*.txt"), ["w*.txt"]);
  assertEquals(await listed(directory.path, "w\\*.t?t"), ["w*.txt"]);
});

Deno.test("directories are no files, and missing names are not found", async () => {
  await using directory = await directoryWith({ "d.txt/a": "" });
  const cases: [pattern: string, problem: string][] = [
    ["d.txt", "it is a directory, not a file"],
    ["*.txt", "no file has this name or matches it"],
    ["missing", "no file has this name or matches it"],
    ["missing/*", "no file has this name or matches it"],
    ["d.txt/a/*", "no file has this name or matches it"],
  ];
  for (const [pattern, problem] of cases) {
    const name = `${directory.path}/${pattern}`;
    const error = await assertRejects(() => denoFileSystem.list(name), NotFoundError);
    assertEquals(error.message, `Cannot find "${name}": ${problem}`);
  }
  const opening = await assertRejects(
    () => denoFileSystem.source(`${directory.path}/d.txt`).open(),
    NotFoundError,
  );
  assertEquals(opening.message, `Cannot open "${directory.path}/d.txt": it is a directory, not a file`);
});

Deno.test({
  name: "links are followed to files and directories, but not in circles",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using directory = await directoryWith({ "d/a.txt": "a" });
    const { path } = directory;
    await Deno.symlink(`${path}/d/a.txt`, `${path}/link.txt`);
    await Deno.symlink(`${path}/d`, `${path}/e`);
    await Deno.symlink(path, `${path}/d/up`);
    await Deno.symlink(`${path}/nowhere`, `${path}/dead.txt`);
    await Deno.symlink(`${path}/loop.txt`, `${path}/loop.txt`);
    assertEquals(await listed(path, "*.txt"), ["link.txt"]);
    assertEquals(await listed(path, "*/*.txt"), ["d/a.txt", "e/a.txt"]);
    assertEquals(await listed(path, "**/*.txt"), ["d/a.txt", "link.txt"]);
    assertEquals(await listed(path, "d/up/link.txt"), ["d/up/link.txt"]);
  },
});

Deno.test("file URLs stand for paths, with their escapes", async () => {
  await using directory = await directoryWith({ "a b%.txt": "x", "ä?.txt": "y" });
  const url = (name: string) => new URL(name, `file://${directory.path}/`).href;
  assertEquals(await denoFileSystem.list(url("a b%25.txt")), [`${directory.path}/a b%.txt`]);
  assertEquals(await denoFileSystem.list(`file://${directory.path}/*.txt`), [
    `${directory.path}/a b%.txt`,
    `${directory.path}/ä?.txt`,
  ]);
  const source = denoFileSystem.source(url("%C3%A4%3F.txt"));
  assertEquals(joinBytes(await Array.fromAsync(await source.open())), utf8("y"));
  assertEquals(await denoFileSystem.source(`file://localhost${directory.path}/a%20b%25.txt`).size(), 1);
  const error = assertThrows(() => denoFileSystem.source("file:///%E0%A4%A"), InvalidArgumentError);
  assertEquals(error.message, 'Cannot read "file:///%E0%A4%A": it is not a well-formed URL');
});

Deno.test("URLs are read by HTTP", async () => {
  await using server = serveFiles({ files: { "a.txt": utf8("a\nb\n") } });
  const url = server.base + "a.txt";
  assertEquals(await denoFileSystem.list(url), [url]);
  assertEquals(await readAll(readRecords(denoFileSystem.source(url), "textLines", {})), {
    records: ["a", "b"],
    errors: [],
  });
});

Deno.test("records of a file across many reads", async () => {
  const lines = Array.from({ length: 30_000 }, (_, i) => `line ${i} ${"ä".repeat(i % 50)}`);
  await using directory = await directoryWith({ "a.txt": lines.join("\n") });
  const reader = readRecords(denoFileSystem.source(`${directory.path}/a.txt`), "textLines", {});
  assertEquals((await readAll(reader)).records, lines);
});

Deno.test("failures of the system become errors that name the file", () => {
  const cases: [Error, new (message: string) => Error, message: string][] = [
    [new Deno.errors.NotFound("x"), NotFoundError, 'Cannot open "a": there is no such file'],
    [new Deno.errors.NotADirectory("x"), NotFoundError, 'Cannot open "a": there is no such file'],
    [new Deno.errors.NotCapable("Requires read"), PermissionDeniedError, 'Cannot open "a": Requires read'],
    [new Deno.errors.PermissionDenied("denied"), PermissionDeniedError, 'Cannot open "a": denied'],
    [new Error("too many open files"), UnavailableError, 'Cannot open "a": too many open files'],
  ];
  for (const [thrown, Class, message] of cases) {
    const error = fileError("open", "a", thrown);
    assertEquals([error.constructor, error.message, error.cause], [Class, message, thrown]);
  }
});

Deno.test({
  name: "a file is closed when its reader leaves early, aborts, or comes to the end",
  // What stays open makes this test fail: Deno counts resources.
  sanitizeResources: true,
  fn: async () => {
    await using directory = await directoryWith({ "a.txt": "a\n".repeat(300_000) });
    const source = denoFileSystem.source(`${directory.path}/a.txt`);
    const early = readRecords(source, "textLines", {});
    assertEquals(await early.next(), "a");
    await early.close();
    const controller = new AbortController();
    const aborted = readRecords(source, "textLines", {}, controller.signal);
    const pull = aborted.next();
    controller.abort(new Error("enough"));
    await assertRejects(() => Promise.resolve(pull), Error, "enough");
    assertEquals((await readAll(readRecords(source, "textLines", {}))).records.length, 300_000);
  },
});
