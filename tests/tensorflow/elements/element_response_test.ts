import { assertEquals, assertThrows } from "@std/assert";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { InvalidArgumentError, joinBytes } from "../../../src/base/mod.ts";
import {
  type DType,
  type Element,
  type ElementSpec,
  inferSpec,
  type TypedArray,
} from "../../../src/element/mod.ts";
import { GetElementResponseSchema } from "../../../src/gen/tensorflow/data/worker_pb.ts";
import {
  elementResponseChunks,
  END_OF_SEQUENCE,
  layoutOf,
  readElementResponse,
  SKIP_TASK,
  structureOfSpec,
  tensorParts,
} from "../../../src/tensorflow/elements/mod.ts";

function response(spec: ElementSpec, element: Element): Uint8Array[] {
  return elementResponseChunks(tensorParts(layoutOf(spec), element));
}

const classes: [DType, (values: number[]) => TypedArray][] = [
  ["int8", (values) => Int8Array.from(values)],
  ["uint16", (values) => Uint16Array.from(values)],
  ["float32", (values) => Float32Array.from(values)],
  ["float64", (values) => Float64Array.from(values)],
  ["uint64", (values) => BigUint64Array.from(values, BigInt)],
];
const small = fc.integer({ min: 0, max: 100 });
const typedArray = fc.tuple(fc.constantFrom(...classes), fc.array(small, { maxLength: 3_000 }))
  .map(([[, make], values]): Element => make(values));
const tensor = fc.tuple(
  fc.constantFrom(...classes),
  fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
  fc.boolean(),
).map(([[dtype, make], shape, isBool]): Element => {
  const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i % 2);
  return isBool
    ? { dtype: "bool", shape, data: Uint8Array.from(values) }
    : { dtype, shape, data: make(values) };
});
const leaf: fc.Arbitrary<Element> = fc.oneof(
  fc.double(),
  fc.boolean(),
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  typedArray,
  tensor,
);
const element = fc.letrec<{ element: Element }>((tie) => ({
  element: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.array(tie("element"), { minLength: 1, maxLength: 4 }),
    fc.dictionary(fc.string({ unit: "binary", maxLength: 5 }), tie("element"), { minKeys: 1, maxKeys: 4 }),
  ),
})).element;

Deno.test("any dense element comes back from the bytes of its answer", async () => {
  await fc.assert(fc.asyncProperty(element, async (original) => {
    const spec = inferSpec(original);
    const answer = await readElementResponse(joinBytes(response(spec, original)), structureOfSpec(spec));
    assertEquals(answer, { kind: "element", element: original });
  }));
});

Deno.test("the bytes are those that a protobuf library writes", () => {
  fc.assert(fc.property(element, (original) => {
    const bytes = joinBytes(response(inferSpec(original), original));
    assertEquals(toBinary(GetElementResponseSchema, fromBinary(GetElementResponseSchema, bytes)), bytes);
  }));
});

Deno.test("large tensors are sent as they are, without a copy", () => {
  const data = new Float32Array(10_000);
  const chunks = response(inferSpec(data), data);
  assertEquals(chunks.length, 2);
  assertEquals(chunks[1].buffer, data.buffer);
  assertEquals(chunks[0].length < 40, true);
});

Deno.test("the other answers", () => {
  const { endOfSequence, skipTask } = fromBinary(
    GetElementResponseSchema,
    joinBytes([END_OF_SEQUENCE, SKIP_TASK]),
  );
  assertEquals({ endOfSequence, skipTask }, { endOfSequence: true, skipTask: true });
});

Deno.test("arrays of any length are axes", async () => {
  const list = (item: ElementSpec): ElementSpec => ({ kind: "list", item });
  const cases: [ElementSpec, Element][] = [
    [list({ kind: "string" }), []],
    [list(list({ kind: "number" })), [[1, 2, 3], [4, 5, 6]]],
    [list(list({ kind: "boolean" })), [[], []]],
    [list({ kind: "typedArray", dtype: "int16", length: null }), [
      new Int16Array([1, 2]),
      new Int16Array([3, 4]),
    ]],
  ];
  for (const [spec, original] of cases) {
    const answer = await readElementResponse(joinBytes(response(spec, original)), structureOfSpec(spec));
    assertEquals(answer, { kind: "element", element: original });
  }
});

Deno.test("an element that is not like the others is refused with its place", () => {
  const number: ElementSpec = { kind: "number" };
  const lists: ElementSpec = { kind: "list", item: { kind: "list", item: number } };
  const refused: [ElementSpec, Element, string][] = [
    [number, "x", "the element is a string, while the first elements of the dataset had a number there"],
    [{ kind: "record", fields: { a: number } }, { a: 1, b: 2 }, "the element is a record of {a, b}"],
    [
      { kind: "record", fields: { a: { kind: "tuple", items: [number] } } },
      { a: [1, 2] },
      "`a` is an array of 2",
    ],
    [{ kind: "typedArray", dtype: "int8", length: 1 }, new Uint8Array(1), "the element is uint8 values"],
    [lists, [[1], [2, 3]], "lengths 1 and 2: ragged data are not supported"],
    [{ kind: "bigint" }, 2n ** 63n, "bigint 9223372036854775808"],
    [{ kind: "string" }, "\ud800", "lone surrogate"],
  ];
  for (const [spec, value, message] of refused) {
    assertThrows(() => response(spec, value), InvalidArgumentError, message);
  }
});
