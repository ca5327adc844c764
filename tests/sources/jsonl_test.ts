import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { DataLossError, joinBytes } from "../../src/base/mod.ts";
import { jsonlFormat } from "../../src/sources/jsonl.ts";
import { LineDecoder } from "../../src/sources/line_decoder.ts";
import { Origin } from "../../src/sources/origin.ts";
import { cuts, decodeAll, type Decoded, utf8 } from "./helpers.ts";

function decode(chunks: readonly Uint8Array<ArrayBuffer>[]): Decoded {
  return decodeAll(
    new LineDecoder(jsonlFormat, new Origin("a.jsonl", false), { maxRecordBytes: 1_000_000 }),
    chunks,
  );
}

Deno.test("each line is a JSON value, and blank lines are skipped", () => {
  const text = '{"a":[1,"ä",null]}\n\n  \t\r\n17\r\n"x"\ntrue';
  assertEquals(decode([utf8(text)]), { records: [{ a: [1, "ä", null] }, 17, "x", true], errors: [] });
});

Deno.test("a byte order mark at the start of the file is skipped, and only there", () => {
  assertEquals(decode([utf8('\ufeff{"a":1}\n2\n')]), { records: [{ a: 1 }, 2], errors: [] });
  const { records, errors } = decode([utf8('1\n\ufeff{"a":1}\n')]);
  assertEquals([records, errors.length], [[1], 1]);
});

Deno.test("a broken record names file, line and offset, and the records behind it are read", () => {
  const { records, errors } = decode([utf8('{"ä":1}\n\n{"b":\n3\n')]);
  assertEquals(records, [{ "ä": 1 }, 3]);
  assertEquals(errors.length, 1);
  assertEquals(errors[0].constructor, DataLossError);
  assertEquals(
    errors[0].message.replace(/\(.*\)/, "(...)"),
    'Cannot read line 3 of "a.jsonl" at byte 10: it is not JSON (...)',
  );
});

Deno.test("offsets count a byte order mark, and lines that are no UTF-8", () => {
  const bytes = joinBytes([utf8("\ufeff1\n"), Uint8Array.of(0xff, 10), utf8("2\n}\n")]);
  const { records, errors } = decode([bytes]);
  assertEquals(records, [1, 2]);
  assertEquals(errors.map((error) => error.message.replace(/ \(.*\)/, "")), [
    'Cannot read line 2 of "a.jsonl" at byte 5: it is not UTF-8 from byte 5 on',
    'Cannot read line 4 of "a.jsonl" at byte 9: it is not JSON',
  ]);
});

Deno.test("values come back as they were written, wherever the bytes are cut", () => {
  const values = fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 8 });
  const files = values.chain((values) =>
    fc.tuple(fc.constant(values), cuts(utf8(values.map((value) => JSON.stringify(value) + "\n").join(""))))
  );
  fc.assert(fc.property(files, ([values, chunks]) => {
    assertEquals(decode(chunks), { records: JSON.parse(JSON.stringify(values)), errors: [] });
  }));
});
