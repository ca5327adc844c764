import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DataLossError, joinBytes, ResourceExhaustedError } from "../../src/base/mod.ts";
import type { Element } from "../../src/element/mod.ts";
import { CsvDecoder } from "../../src/sources/csv_decoder.ts";
import { loadCsvParser } from "../../src/sources/csv_parser.ts";
import { completeCsvOptions } from "../../src/sources/format_options.ts";
import { Origin } from "../../src/sources/origin.ts";
import { areDataLoss, cuts, decodeAll, type Decoded, utf8 } from "./helpers.ts";

const parse = await loadCsvParser();

function decode(chunks: readonly Uint8Array<ArrayBuffer>[], options: Record<string, Element> = {}): Decoded {
  return decodeAll(new CsvDecoder(parse, completeCsvOptions(options), new Origin("a.csv", false)), chunks);
}

function decodeText(text: string, options?: Record<string, Element>): Decoded {
  return decode([utf8(text)], options);
}

function messages({ errors }: Decoded): string[] {
  assert(areDataLoss(errors));
  return errors.map((error) => error.message);
}

Deno.test("the first line names the fields, and fields are strings", () => {
  assertEquals(decodeText("a,b\n1,x\n,\n"), { records: [{ a: "1", b: "x" }, { a: "", b: "" }], errors: [] });
  assertEquals(decodeText("a,b\n"), { records: [], errors: [] });
  assertEquals(decodeText(""), { records: [], errors: [] });
});

Deno.test("quoted fields hold delimiters, quotes and line ends", () => {
  const text = 'a,b\r\n"1,2","he said ""no"""\r\n"x\ny\r\nz",""\r\n';
  assertEquals(decodeText(text).records, [{ a: "1,2", b: 'he said "no"' }, { a: "x\ny\r\nz", b: "" }]);
});

Deno.test("the last line may lack its end, blank lines are skipped, and so is a byte order mark", () => {
  assertEquals(decodeText('\ufeff"a",b\n\n1,2\r\n\r\n3,4').records, [{ a: "1", b: "2" }, { a: "3", b: "4" }]);
});

Deno.test("a delimiter of one's own", () => {
  assertEquals(decodeText("a;b\n1,5;2\n", { delimiter: ";" }).records, [{ a: "1,5", b: "2" }]);
  assertEquals(decodeText("a\tb\n1\t\n", { delimiter: "\t" }).records, [{ a: "1", b: "" }]);
  assertEquals(decodeText("a||b\n1|||\n", { delimiter: "||" }).records, [{ a: "1", b: "|" }]);
});

Deno.test("without a header records are arrays, or have the names of `columns`", () => {
  assertEquals(decodeText("1,2\n3,4\n", { header: false }).records, [["1", "2"], ["3", "4"]]);
  assertEquals(decodeText("1,2\n", { header: false, columns: ["x", "y"] }).records, [{ x: "1", y: "2" }]);
  assertEquals(messages(decodeText("1,2,3\n", { header: false, columns: ["x", "y"] })), [
    'Cannot read line 1 of "a.csv" at byte 0: it has 3 fields instead of 2',
  ]);
});

Deno.test("with a header `columns` chooses fields and their order", () => {
  const { records } = decodeText("a,b,c\n1,2,3\n", { columns: ["c", "a"] });
  assertEquals(records, [{ c: "3", a: "1" }]);
  assertEquals(Object.keys(records[0] as object), ["c", "a"]);
  assertEquals(messages(decodeText("a,b\n1,2\n", { columns: ["a", "x"] })), [
    'Cannot read line 1 of "a.csv" at byte 0: it names no field "x": "a", "b"',
  ]);
  assertEquals(messages(decodeText("a,b\n1,2\n", { types: { z: "number" } })), [
    'Cannot read line 1 of "a.csv" at byte 0: it names no field "z": "a", "b"',
  ]);
  assertEquals(messages(decodeText("a,b,a\n1,2,3\n")), [
    'Cannot read line 1 of "a.csv" at byte 0: it names the field "a" twice',
  ]);
});

Deno.test("fields are converted as `types` says", () => {
  const types = { n: "number", t: "boolean", i: "bigint", s: "string" };
  const text = "n,t,i,s\n 1.5 ,TRUE,9007199254740993,01\n-2e-3,0,-1,\nNaN,1,+5, x\n,false,0,y\n-inf,1,1,z\n";
  assertEquals(decodeText(text, { types }), {
    records: [
      { n: 1.5, t: true, i: 9007199254740993n, s: "01" },
      { n: -0.002, t: false, i: -1n, s: "" },
      { n: NaN, t: true, i: 5n, s: " x" },
      { n: NaN, t: false, i: 0n, s: "y" },
      { n: -Infinity, t: true, i: 1n, s: "z" },
    ],
    errors: [],
  });
});

Deno.test("a field that cannot be converted is damage of its record alone", () => {
  const types = { n: "number", t: "boolean", i: "bigint" };
  const decoded = decodeText("n,t,i\n0x10,1,1\n1,yes,1\n1,1,1.5\n1,1,\n7,1,1\n", { types });
  assertEquals(decoded.records, [{ n: 7, t: true, i: 1n }]);
  assertEquals(messages(decoded), [
    'Cannot read line 2 of "a.csv" at byte 6: field "n": "0x10" is not a number',
    'Cannot read line 3 of "a.csv" at byte 15: field "t": "yes" is not a boolean',
    'Cannot read line 4 of "a.csv" at byte 23: field "i": "1.5" is not a bigint',
    'Cannot read line 5 of "a.csv" at byte 31: field "i": "" is not a bigint',
  ]);
});

Deno.test("a record with too many or too few fields names file and line, and the others are read", () => {
  const decoded = decodeText('\ufeffa,b\n1,2\n\n"x\ny",2,3\n\r\n4\n5,6\n');
  assertEquals(decoded.records, [{ a: "1", b: "2" }, { a: "5", b: "6" }]);
  assertEquals(messages(decoded), [
    'Cannot read line 4 of "a.csv" at byte 12: it has 3 fields instead of 2',
    'Cannot read line 7 of "a.csv" at byte 24: it has 1 field instead of 2',
  ]);
});

Deno.test("a broken quote ends the file behind the records before it", () => {
  for (
    const [broken, problem] of [
      ['"q"z,1\n9,9\n', "a quoted field goes on behind its closing quote"],
      ['q"z,1\n9,9\n', "a quote stands in the middle of a field"],
      ['"q,1\n9,9\n', "a quote is not closed"],
    ]
  ) {
    const decoded = decodeText(`a,b\n1,2\n\n${broken}`);
    assertEquals(decoded.records, [{ a: "1", b: "2" }]);
    assertEquals(messages(decoded), [`Cannot read line 4 of "a.csv" at byte 9: ${problem}`]);
  }
});

Deno.test("a record with bytes that are no UTF-8 is lost, its neighbours are not", () => {
  const bytes = joinBytes([utf8("ä,b\n1,2\n3,"), Uint8Array.of(0xff), utf8("\n5,6\n")]);
  const decoded = decode([bytes]);
  assertEquals(decoded.records, [{ "ä": "1", b: "2" }, { "ä": "5", b: "6" }]);
  assertEquals(messages(decoded), [
    'Cannot read line 3 of "a.csv" at byte 9: it is not UTF-8 from byte 11 on',
  ]);
  const header = decode([joinBytes([Uint8Array.of(0xff), utf8(",b\n1,2\n")])]);
  assertEquals(header.records, []);
  assertEquals(messages(header), ['Cannot read line 1 of "a.csv" at byte 0: it is not UTF-8 from byte 0 on']);
});

Deno.test("a field may have any name", () => {
  const { records } = decodeText("__proto__,constructor\n1,2\n");
  assertEquals(Object.entries(records[0] as object), [["__proto__", "1"], ["constructor", "2"]]);
  assertEquals(Object.getPrototypeOf(records[0]), Object.prototype);
});

const fields = fc.string({
  unit: fc.constantFrom("a", "ä", "😀", ",", '"', "\n", "\r\n", " "),
  maxLength: 6,
});
const tables = fc.integer({ min: 2, max: 3 }).chain((width) =>
  fc.array(fc.array(fields, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 })
);
const quoted = (field: string) => /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;

Deno.test("records come back as they were written, wherever the bytes are cut", () => {
  const files = tables.chain((rows) => {
    const bytes = utf8(rows.map((row) => row.map(quoted).join(",") + "\n").join(""));
    return fc.tuple(fc.constant(rows), cuts(bytes));
  });
  fc.assert(fc.property(files, ([rows, chunks]) => {
    assertEquals(decode(chunks, { header: false }), { records: rows, errors: [] });
  }));
});

Deno.test("damaged files give the same records and errors wherever the bytes are cut", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", ",", ",", '"', "\n", "\n", "\r\n"), maxLength: 30 });
  fc.assert(
    fc.property(texts.chain((text) => fc.tuple(fc.constant(text), cuts(utf8(text)))), ([text, chunks]) => {
      const [whole, cut] = [decodeText(text, { header: false }), decode(chunks, { header: false })];
      assertEquals(cut.records, whole.records);
      assertEquals(messages(cut), messages(whole));
    }),
  );
});

Deno.test("lines and offsets are right behind the first block, too", () => {
  const row = `"${"x\n".repeat(500)}",${"y".repeat(99)}\n`;
  const decoded = decodeText(`a,b\n${row.repeat(300)}1\n${row}`);
  assertEquals(decoded.records.length, 301);
  assertEquals(messages(decoded), [
    `Cannot read line ${2 + 501 * 300} of "a.csv" at byte ${
      4 + row.length * 300
    }: it has 1 field instead of 2`,
  ]);
});

Deno.test("a record over the limit is refused: an open quote does not gather the rest of the file", () => {
  const { records, errors } = decodeText(`a\n1\n"${"x\n".repeat(1_000)}`, { maxRecordBytes: 100 });
  assertEquals(records, [{ a: "1" }]);
  assertEquals(errors.map((error) => [error.constructor, error.message]), [
    [
      ResourceExhaustedError,
      'Cannot read line 3 of "a.csv" at byte 4: it has over 100 bytes, `maxRecordBytes` is 100',
    ],
  ]);
  assert(!(errors[0] instanceof DataLossError));
});
