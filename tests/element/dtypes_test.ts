import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  classOfDType,
  codeOfDType,
  dtypeOfArray,
  dtypeOfCode,
  isDType,
  sizeOfDType,
} from "../../src/element/dtypes.ts";
import { DTYPES } from "./arbitraries.ts";

Deno.test("codes, sizes and classes of dtypes belong together", () => {
  const codes = new Set<number>();
  for (const dtype of DTYPES) {
    assert(isDType(dtype));
    assertEquals(dtypeOfCode(codeOfDType(dtype)), dtype);
    const array = new (classOfDType(dtype))(1);
    assertEquals(array.byteLength, sizeOfDType(dtype));
    assertEquals(dtypeOfArray(array), dtype === "bool" ? "uint8" : dtype);
    codes.add(codeOfDType(dtype));
  }
  assertEquals(codes.size, DTYPES.length);
  assert(!isDType("toString") && !isDType(1));
});

Deno.test("a runtime without Float16Array loads, and says so when such data comes", async () => {
  const { Float16Array: former } = globalThis;
  Reflect.deleteProperty(globalThis, "Float16Array");
  try {
    const url = new URL("../../src/element/dtypes.ts?without-float16", import.meta.url);
    const { classOfDType } = await import(url.href) as typeof import("../../src/element/dtypes.ts");
    assertEquals(classOfDType("float32"), Float32Array);
    const error = assertThrows(() => classOfDType("float16"), Error);
    assertEquals(error.message, "Cannot hold float16 values: this runtime has no Float16Array");
  } finally {
    globalThis.Float16Array = former;
  }
});
