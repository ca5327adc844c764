import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../src/base/mod.ts";
import {
  type Element,
  encodeValue,
  inferSpec,
  matchesSpec,
  mergeSpecs,
  padAndStack,
  showSpec,
  slices,
  stack,
  unstack,
} from "../../src/element/mod.ts";
import { checkNode, elementSpecOf, type GraphNode, inlineFunction } from "../../src/graph/mod.ts";
import {
  batch,
  choose,
  concatenate,
  dataService,
  filter,
  listFiles,
  map,
  range,
  readFiles,
  shuffle,
  window,
  zip,
} from "./support/nodes.ts";

const fn = inlineFunction((x: unknown) => x);
const items = (...items: Element[]) => checkNode({ op: "fromArray", inputs: [], items });
const node = (op: string, inputs: GraphNode[], attributes: object = {}) =>
  checkNode({ op, inputs, ...attributes } as unknown as GraphNode);
const padded = (input: GraphNode, paddedShapes: Element) =>
  node("paddedBatch", [input], { size: 2, dropRemainder: false, paddedShapes, paddingValues: null });

const CASES: [name: string, dataset: GraphNode, spec: string][] = [
  ["range", range(3), "number"],
  ["files", listFiles(["a"]), "string"],
  ["tfrecord", readFiles(listFiles(["a"])), "Uint8Array(?)"],
  ["text lines", node("readFiles", [listFiles(["a"])], { format: "textLines", options: {} }), "string"],
  ["csv", node("readFiles", [listFiles(["a"])], { format: "csv", options: {} }), "any"],
  ["like items", items(1, 2), "number"],
  ["unlike items", items(1, "a"), "any"],
  ["no items", items(), "any"],
  ["a function", map(range(3)), "any"],
  ["a filter", filter(range(3)), "number"],
  ["zip and shuffle", shuffle(zip(range(3), listFiles(["a"])), 2), "[number, string]"],
  ["enumerate", node("enumerate", [listFiles(["a"])], { start: 0 }), "[number, string]"],
  ["concatenate", concatenate(items([1, 2]), items([3])), "number[]"],
  ["choose", choose(range(3), range(2), items("a")), "number"],
  ["window", window(range(3), [2, 1, 1], false), "number[]"],
  ["batch", batch(range(3), 2), "Float64Array(?)"],
  ["full batches", batch(range(3), 2, true), "Float64Array(2)"],
  ["rebatch", node("rebatch", [batch(range(3), 2)], { size: 3, dropRemainder: true }), "Float64Array(3)"],
  ["padded batch", padded(items(new Float32Array(2), new Float32Array(3)), null), "float32[?, ?]"],
  ["a service", dataService(range(3)), "number"],
  ["a service by id", dataService(null), "any"],
  ["a generator", checkNode({ op: "fromGenerator", inputs: [], fn }), "any"],
];

for (const [name, dataset, spec] of CASES) {
  Deno.test(`element spec: ${name}`, () => assertEquals(showSpec(elementSpecOf(dataset)), spec));
}

// Elements of one structure whose arrays may differ in length: what a batch may be made of, and what it may not.
const scalar = fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.bigInt(-9n, 9n), fc.constant(null));
const numbers = fc.array(fc.double(), { maxLength: 3 });
const array = fc.oneof(
  numbers.map((values) => Float32Array.from(values)),
  numbers.map((values) => BigInt64Array.from(values, (_, i) => BigInt(i))),
  numbers.map((
    data,
  ) => ({ dtype: "float64", shape: [data.length, 1], data: Float64Array.from(data) } as const)),
  fc.array(fc.boolean(), { maxLength: 3 }).map((bits) => (
    { dtype: "bool", shape: [bits.length], data: Uint8Array.from(bits, Number) } as const
  )),
);
const { element } = fc.letrec<{ element: Element }>((tie) => ({
  element: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    scalar,
    array,
    fc.array(tie("element"), { maxLength: 3 }),
    fc.record({ a: tie("element"), b: scalar }),
  ),
}));
const twoOrOne = fc.oneof(
  fc.tuple(element, element),
  element.map((value) => [value, value]),
  element.map((e) => [e]),
);

/** The value, or undefined where the elements cannot be put together. */
function attempt(make: () => Element): Element | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof InvalidArgumentError) return undefined;
    throw error;
  }
}

function checkHolds(graph: GraphNode, value: Element): void {
  const spec = elementSpecOf(graph);
  if (matchesSpec(value, spec)) return;
  throw new Error(`${showSpec(inferSpec(value))} does not fit ${showSpec(spec)}`);
}

Deno.test("the spec of a batch holds every batch, padded or not", () => {
  let batches = 0;
  fc.assert(
    fc.property(twoOrOne, (elements) => {
      const source = items(...elements);
      const plain = attempt(() => stack(elements));
      if (plain !== undefined) checkHolds(batch(source, 2), plain);
      const fitted = attempt(() => padAndStack(elements, null, null));
      if (fitted !== undefined) checkHolds(padded(source, null), fitted);
      if (plain !== undefined && fitted !== undefined) batches++;
    }),
    { numRuns: 1000 },
  );
  if (batches < 100) throw new Error(`Only ${batches} runs made a batch`);
});

Deno.test("the spec of unbatch holds every part of any element", () => {
  let parts = 0;
  fc.assert(
    fc.property(element, (value) => {
      const apart = attempt(() => unstack(value)) as Element[] | undefined;
      for (const part of apart ?? []) checkHolds(node("unbatch", [items(value)]), part), parts++;
      const whole = attempt(() => stack([value, value]));
      if (whole === undefined) return;
      const again = attempt(() => unstack(whole)) as Element[] | undefined;
      for (const part of again ?? []) checkHolds(node("unbatch", [batch(items(value), 2)]), part), parts++;
    }),
    { numRuns: 1000 },
  );
  if (parts < 100) throw new Error(`Only ${parts} parts were seen`);
});

Deno.test("the spec of slices holds every slice", () => {
  fc.assert(
    fc.property(element, (tensor) => {
      let length;
      try {
        length = slices(tensor).length;
      } catch {
        return;
      }
      const graph = checkNode({ op: "fromTensorSlices", inputs: [], tensor });
      for (let i = 0; i < length; i++) checkHolds(graph, slices(tensor).get(i));
    }),
    { numRuns: 500 },
  );
});

Deno.test("the spec of an array is the one that holds all items and no more", () => {
  fc.assert(fc.property(fc.array(element, { minLength: 1, maxLength: 4 }), (values) => {
    assertEquals(
      showSpec(elementSpecOf(items(...values))),
      showSpec(values.map((value) => inferSpec(value)).reduce(mergeSpecs)),
    );
  }));
});

Deno.test("specs stay shallow enough to travel, however deep the graph", () => {
  let graph: GraphNode = range(3);
  for (let i = 0; i < 500; i++) graph = node("enumerate", [graph], { start: 0 });
  const bytes = encodeValue(elementSpecOf(graph) as unknown as Element);
  assertEquals(bytes.length < 10_000, true);
});

Deno.test("a spec that doubles with each zip is refused", () => {
  let graph: GraphNode = range(3);
  for (let i = 0; i < 40; i++) graph = zip(graph, graph);
  assertThrows(() => elementSpecOf(graph), InvalidArgumentError, "more than 100000 operators");
});
