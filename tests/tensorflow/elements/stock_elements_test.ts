import { assertEquals, assertRejects } from "@std/assert";
import { fromBinary } from "@bufbuild/protobuf";
import { DataLossError, InvalidArgumentError, SluiceError } from "../../../src/base/mod.ts";
import type { DType, Element, ElementSpec, TypedArray } from "../../../src/element/mod.ts";
import { DataServiceMetadataSchema } from "../../../src/gen/tensorflow/data/dataset_pb.ts";
import {
  readElementResponse,
  readElementSpec,
  type Structure,
  structureOfSpec,
} from "../../../src/tensorflow/elements/mod.ts";
import recorded from "./stock_elements.json" with { type: "json" };

// What a stock worker has sent, by record_elements.py.
const records = new Map(recorded.map((record) => [record.name, record]));

const matrix = (dtype: DType, data: TypedArray): Element => ({ dtype, shape: [2, 2], data });
const float16 = matrix("float16", new Float16Array([1, 2, 3, 100]));

const EXPECTED: { readonly [name: string]: readonly Element[] } = {
  range: [0n, 1n, 2n],
  nested: [{
    id: -5n,
    pair: [true, { a: 2.5, z: 1 }],
    text: "日æ",
    vec: new Float32Array([0.5, -1]),
  }],
  numbers: [{
    bfloat16: matrix("float32", new Float32Array([1, 2, 3, 100])),
    bfloat16_scalar: 7,
    float16,
    float16_scalar: 7,
    float32: matrix("float32", new Float32Array([1, 2, 3, 100])),
    float32_scalar: 7,
    float64: matrix("float64", new Float64Array([1, 2, 3, 100])),
    float64_scalar: 7,
    int16: matrix("int16", new Int16Array([1, 2, 3, 100])),
    int16_scalar: 7,
    int32: matrix("int32", new Int32Array([1, 2, 3, 100])),
    int32_scalar: 7,
    int64: matrix("int64", new BigInt64Array([1n, 2n, 3n, 100n])),
    int64_scalar: 7n,
    int8: matrix("int8", new Int8Array([1, 2, 3, 100])),
    int8_scalar: 7,
    uint16: matrix("uint16", new Uint16Array([1, 2, 3, 100])),
    uint16_scalar: 7,
    uint32: matrix("uint32", new Uint32Array([1, 2, 3, 100])),
    uint32_scalar: 7,
    uint64: matrix("uint64", new BigUint64Array([1n, 2n, 3n, 100n])),
    uint64_scalar: 7n,
    uint8: matrix("uint8", new Uint8Array([1, 2, 3, 100])),
    uint8_scalar: 7,
  }],
  bools: [[[true, false], { dtype: "bool", shape: [1, 1], data: new Uint8Array([1]) }]],
  strings: [[["a", "", "b".repeat(200)], [["x", "y"]], []]],
  empty: [{ dtype: "float32", shape: [0, 3], data: new Float32Array() }],
  unknown: [
    new BigInt64Array([1n]),
    new BigInt64Array([2n, 2n]),
    new BigInt64Array([3n, 3n, 3n]),
  ],
  ragged_rows: [new Int32Array([1]), new Int32Array([2, 3]), new Int32Array()],
  ragged: [[
    [new Int32Array([1]), new Int32Array([2, 3])],
    [],
    [new Int32Array([4])],
  ]],
};

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function structureOf(name: string): Structure {
  const { optionalElementSpec } = fromBinary(DataServiceMetadataSchema, bytes(records.get(name)!.metadata!));
  return readElementSpec(optionalElementSpec.value!);
}

function read(name: string, structure = structureOf(name)): Promise<Element[]> {
  return Promise.all(records.get(name)!.elements!.map((hex) => readResponse(bytes(hex), structure)));
}

async function readResponse(response: Uint8Array, structure: Structure): Promise<Element> {
  const answer = await readElementResponse(response, structure);
  if (answer.kind === "element") return answer.element;
  throw new DataLossError(`An answer of kind ${answer.kind}`);
}

for (const [name, elements] of Object.entries(EXPECTED)) {
  for (const compression of ["None", "AUTO"]) {
    const record = records.get(`${name}_${compression}`);
    if (!record || record.error) continue;
    Deno.test(`elements of a stock worker: ${record.name}`, async () => {
      assertEquals(await read(record.name), [...elements]);
    });
  }
}

Deno.test("bytes that are no text are refused, and given where they are asked for", async () => {
  for (const name of ["bytes_None", "bytes_AUTO"]) {
    await assertRejects(() => read(name), DataLossError, "`elementSpec`");
    const spec: ElementSpec = { kind: "typedArray", dtype: "uint8", length: null };
    assertEquals(await read(name, structureOfSpec(spec)), [new Uint8Array([255, 0])]);
  }
});

Deno.test("a spec of the reader's own says what the tensors become", async () => {
  const numbers = (kind: "number" | "bigint") => read("range_AUTO", structureOfSpec({ kind }));
  assertEquals(await numbers("number"), [0, 1, 2]);
  assertEquals(await numbers("bigint"), [0n, 1n, 2n]);
  const lists: ElementSpec = { kind: "list", item: { kind: "number" } };
  assertEquals(await read("unknown_None", structureOfSpec(lists)), [[1], [2, 2], [3, 3, 3]]);
  const tensor: ElementSpec = { kind: "tensor", dtype: "int64", shape: [null] };
  assertEquals((await read("unknown_None", structureOfSpec(tensor)))[1], {
    dtype: "int64",
    shape: [2],
    data: new BigInt64Array([2n, 2n]),
  });
});

Deno.test("a spec of the reader's own that does not fit is refused with the place", async () => {
  const specs: [string, ElementSpec, string][] = [
    ["range_None", { kind: "string" }, "the element cannot be string"],
    ["range_None", { kind: "typedArray", dtype: "int64", length: null }, "int64 values of shape []"],
    [
      "range_AUTO",
      { kind: "tuple", items: [{ kind: "number" }, { kind: "number" }] },
      "Expected 2 components but got 1",
    ],
    [
      "strings_None",
      { kind: "tuple", items: [{ kind: "string" }, { kind: "any" }, { kind: "any" }] },
      "`[0]` cannot be",
    ],
    [
      "bools_None",
      { kind: "tuple", items: [{ kind: "list", item: { kind: "number" } }, { kind: "any" }] },
      "`[0]`",
    ],
  ];
  for (const [name, spec, message] of specs) {
    await assertRejects(() => read(name, structureOfSpec(spec)), InvalidArgumentError, message);
  }
});

Deno.test("damaged answers give an error, and no more memory than they have bytes", async () => {
  for (const record of recorded) {
    if (record.error) continue;
    const structure = structureOf(record.name);
    for (const hex of record.elements!) {
      const whole = bytes(hex);
      for (let at = 0; at < whole.length; at++) {
        for (const change of [0xff, 0x80, 1]) {
          const damaged = whole.slice();
          damaged[at] ^= change;
          await readResponse(damaged, structure).catch((error) => {
            if (!(error instanceof SluiceError)) throw error;
          });
        }
      }
    }
  }
});
