import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError, SluiceError } from "../../../src/base/mod.ts";
import { canonicalSpec } from "../../../src/dispatcher/splits/canonical_spec.ts";
import { FormatRegistry } from "../../../src/dispatcher/splits/format_registry.ts";
import { sluiceFormat } from "../../../src/dispatcher/splits/sluice_format.ts";
import { type ElementSpec, encodeValue } from "../../../src/element/mod.ts";
import { checkNode, type RangeNode, serializeGraph } from "../../../src/graph/mod.ts";

const range = checkNode<RangeNode>({ op: "range", inputs: [], start: 0, stop: 10, step: 1 });

Deno.test("the sources of a graph are those that can be split", () => {
  const names = checkNode({
    op: "listFiles",
    inputs: [],
    patterns: ["a*"],
    shuffle: true,
    seed: 3,
  });
  const graph = serializeGraph(checkNode({ op: "zip", inputs: [range, names] }));
  assertEquals(sluiceFormat.sources(graph), [
    { index: 0, kind: "indexes", count: 10 },
    { index: 1, kind: "files", count: -2, patterns: ["a*"], shuffle: true, seed: 3 },
  ]);
});

Deno.test("bytes that are no graph are refused", () => {
  assertThrows(() => sluiceFormat.check(new Uint8Array([1, 2, 3])), SluiceError);
  sluiceFormat.check(serializeGraph(range));
});

Deno.test("specs are compared by structure, not by the order of keys", () => {
  const number: ElementSpec = { kind: "number" };
  const bytes = (fields: { [key: string]: ElementSpec }) =>
    canonicalSpec(encodeValue({ kind: "record", fields }));
  assertEquals(bytes({ a: number, b: { kind: "string" } }), bytes({ b: { kind: "string" }, a: number }));
  assertNotEquals(bytes({ a: number }), bytes({ b: number }));
  assertEquals(canonicalSpec(new Uint8Array()), new Uint8Array());
  assertThrows(() => canonicalSpec(encodeValue("surprise")), SluiceError);
});

Deno.test("a format that nobody knows is refused with those that are known", () => {
  assertThrows(
    () => new FormatRegistry([sluiceFormat]).get("tensorflow"),
    InvalidArgumentError,
    'Cannot take a dataset of format "tensorflow": known are "sluice"',
  );
});
