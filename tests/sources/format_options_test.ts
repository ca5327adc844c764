import { assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../src/base/mod.ts";
import type { Element } from "../../src/element/mod.ts";
import { checkFormatOptions } from "../../src/sources/mod.ts";
import { completeCsvOptions, completeFormatOptions } from "../../src/sources/format_options.ts";

Deno.test("options are completed with their defaults", () => {
  assertEquals(completeFormatOptions({}), { compression: "auto", maxRecordBytes: 1_073_741_824 });
  assertEquals(completeCsvOptions({ columns: ["a"], types: { a: "number" } }), {
    compression: "auto",
    maxRecordBytes: 1_073_741_824,
    delimiter: ",",
    header: true,
    columns: ["a"],
    types: { a: "number" },
  });
});

Deno.test("good options of every format are taken", () => {
  for (const format of ["textLines", "jsonl", "tfrecord", "csv"]) {
    for (const compression of ["none", "gzip", "zlib", "auto"]) {
      checkFormatOptions(format, { compression, maxRecordBytes: 1 });
    }
  }
  checkFormatOptions("csv", { delimiter: "\t", header: false, columns: ["a", "b"], types: { b: "bigint" } });
});

const REFUSED: [format: string, options: { [key: string]: Element }, message: string][] = [
  ["xml", {}, '`format` must be one of "textLines", "csv", "jsonl", "tfrecord", got "xml"'],
  ["jsonl", { header: true }, '`options` has no option "header": it knows compression, maxRecordBytes'],
  [
    "textLines",
    { compression: "lzma" },
    '`compression` must be one of "none", "gzip", "zlib", "auto", got "lzma"',
  ],
  ["tfrecord", { maxRecordBytes: 0 }, "`maxRecordBytes` must be a whole number from 1 to 4294967296, got 0"],
  [
    "csv",
    { sep: ";" },
    '`options` has no option "sep": it knows compression, maxRecordBytes, delimiter, header, columns, types',
  ],
  ["csv", { delimiter: "" }, "`delimiter` must not be empty"],
  ["csv", { delimiter: '"' }, '`delimiter` must hold no quote and no line end, got "\\""'],
  ["csv", { delimiter: 5 }, "`delimiter` must be a string, got 5"],
  ["csv", { header: "no" }, '`header` must be true or false, got "no"'],
  ["csv", { columns: [] }, "`columns` must be an array of one or more names, got an array of 0"],
  ["csv", { columns: ["a", 1] }, "`columns` must be an array of one or more names, got an array of 2"],
  ["csv", { columns: ["a", "b", "a"] }, '`columns` must not repeat "a"'],
  ["csv", { types: ["number"] }, "`types` must be an object, got an array of 1"],
  [
    "csv",
    { types: { a: "date" } },
    '`types.a` must be one of "number", "string", "boolean", "bigint", got "date"',
  ],
  [
    "csv",
    { header: false, types: { a: "number" } },
    "`types` needs names: give `columns`, or a file with a header",
  ],
  ["csv", { columns: ["a"], types: { b: "number" } }, '`types` names "b", which `columns` does not'],
];

for (const [format, options, message] of REFUSED) {
  Deno.test(`refused: ${format} ${JSON.stringify(options)}`, () => {
    assertEquals(
      assertThrows(() => checkFormatOptions(format, options), InvalidArgumentError).message,
      message,
    );
  });
}
