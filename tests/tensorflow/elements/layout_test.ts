import { assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../../src/base/mod.ts";
import type { ElementSpec } from "../../../src/element/mod.ts";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { StructuredValueSchema } from "../../../src/gen/tensorflow/struct_pb.ts";
import { encodeElementSpec, layoutOf } from "../../../src/tensorflow/elements/mod.ts";

const number: ElementSpec = { kind: "number" };
const string: ElementSpec = { kind: "string" };
const list = (item: ElementSpec): ElementSpec => ({ kind: "list", item });
const tuple = (...items: ElementSpec[]): ElementSpec => ({ kind: "tuple", items });
const record = (fields: Record<string, ElementSpec>): ElementSpec => ({ kind: "record", fields });

/** A spec as TensorFlow's clients would show it. */
function shown(spec: ElementSpec): unknown {
  // deno-lint-ignore no-explicit-any -- JSON
  const show = (value: any): unknown => {
    if (value.tensorSpecValue) {
      const { shape, dtype } = value.tensorSpecValue;
      const dims = shape.unknownRank
        ? "?"
        : (shape.dim ?? []).map((dim: { size?: string }) => Number(dim.size ?? 0));
      return `${dtype} ${JSON.stringify(dims)}`;
    }
    if (value.tupleValue) return value.tupleValue.values.map(show);
    return Object.fromEntries(
      Object.entries(value.dictValue.fields).map(([key, field]) => [key, show(field)]),
    );
  };
  return show(
    toJson(StructuredValueSchema, fromBinary(StructuredValueSchema, encodeElementSpec(layoutOf(spec)))),
  );
}

Deno.test("a spec of Sluice's as TensorFlow sees it", () => {
  assertEquals(shown(number), "DT_DOUBLE []");
  assertEquals(shown({ kind: "bigint" }), "DT_INT64 []");
  assertEquals(shown({ kind: "boolean" }), "DT_BOOL []");
  assertEquals(shown(string), "DT_STRING []");
  assertEquals(shown({ kind: "typedArray", dtype: "uint8", length: null }), "DT_UINT8 [-1]");
  assertEquals(shown({ kind: "tensor", dtype: "float16", shape: [2, null, 0] }), "DT_HALF [2,-1,0]");
  assertEquals(shown({ kind: "tensor", dtype: "bool", shape: null }), 'DT_BOOL "?"');
  assertEquals(shown(list(string)), "DT_STRING [-1]");
  assertEquals(shown(list(tuple(number, number))), "DT_DOUBLE [-1,2]");
  assertEquals(shown(list({ kind: "typedArray", dtype: "int32", length: 5 })), "DT_INT32 [-1,5]");
  assertEquals(shown(tuple(number, list(list(string)))), ["DT_DOUBLE []", "DT_STRING [-1,-1]"]);
  assertEquals(shown(record({ b: number, a: tuple(string) })), { a: ["DT_STRING []"], b: "DT_DOUBLE []" });
});

Deno.test("fields come in the order of code points, as tf.nest has them", () => {
  // In UTF-16 the surrogates of U+1F600 come before U+FFFD.
  const layout = layoutOf(
    record({ "\u{1f600}": number, "\ufffd": number, b: number, B: number, "": number }),
  );
  assertEquals(layout.kind === "record" && layout.fields.map(([key]) => key), [
    "",
    "B",
    "b",
    "\ufffd",
    "\u{1f600}",
  ]);
});

Deno.test("what TensorFlow cannot hold is refused with a sentence that names the place", () => {
  const refused: [ElementSpec, string][] = [
    [{ kind: "any" }, "cannot hold the element of this dataset: its structure or type differs"],
    [record({ a: tuple(number, { kind: "null" }) }), "cannot hold `a[1]` of this dataset: it is null"],
    [list(record({ x: number })), "cannot hold `[]` of this dataset: it is a record within an array"],
    [list(tuple(number, string)), "cannot hold `[]` of this dataset: it is an array of float64 and string"],
    [record({ a: tuple() }), "cannot hold the element of this dataset: it has no values"],
  ];
  for (const [spec, message] of refused) {
    assertThrows(() => layoutOf(spec), InvalidArgumentError, message);
  }
});
