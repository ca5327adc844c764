import { fromBinary } from "@bufbuild/protobuf";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, SluiceError } from "../../../src/base/mod.ts";
import { GraphDefSchema } from "../../../src/gen/tensorflow/graph_pb.ts";
import { StructuredValueSchema } from "../../../src/gen/tensorflow/struct_pb.ts";
import { DataType, TensorProtoSchema } from "../../../src/gen/tensorflow/tensor_pb.ts";
import { canonicalSpec } from "../../../src/tensorflow/graph/canonical_spec.ts";
import { integerOf, textOf } from "../../../src/tensorflow/graph/constants.ts";
import { prepareGraph } from "../../../src/tensorflow/graph/prepare_graph.ts";
import { graphSources } from "../../../src/tensorflow/graph/sources_of.ts";
import { rangeSource, stringTensor } from "../../../src/tensorflow/graph/split_source.ts";
import { constant, graph, int64, type Node, range, vector } from "./graph.ts";

/** The splits of each source, at most 20; "..." where there are more. */
function splitsOf(nodes: Record<string, Node>, output: string): (string | number)[][] {
  return graphSources(graph(nodes, output)).map((source) => {
    if (source.kind === "chunks") return [source.path];
    const splits: (string | number)[] = [];
    for (let i = 0; i < Math.min(20, source.count); i++) {
      splits.push(Number(integerOf(fromBinary(TensorProtoSchema, source.split(i)))));
    }
    return source.count > 20 ? [...splits.slice(0, 2), "..."] : splits;
  });
}

Deno.test("a range is split into its numbers", () => {
  assertEquals(splitsOf(range(0n, 3n), "range"), [[0, 1, 2]]);
  assertEquals(splitsOf(range(10n, 0n, -3n), "range"), [[10, 7, 4, 1]]);
  assertEquals(splitsOf(range(3n, 3n), "range"), [[]]);
  assertEquals(splitsOf(range(5n, 3n), "range"), [[]]);
  assertEquals(splitsOf(range(0n, 2n ** 55n), "range"), [[0, 1, "..."]]);
  assertThrows(() => splitsOf(range(0n, 1n, 0n), "range"), InvalidArgumentError, "must not be zero");
});

Deno.test("any range has the numbers that a loop counts", () => {
  const number = fc.bigInt({ min: -30n, max: 30n });
  fc.assert(fc.property(number, number, number.filter((step) => step !== 0n), (start, stop, step) => {
    const expected: bigint[] = [];
    for (let i = start; step > 0n ? i < stop : i > stop; i += step) expected.push(i);
    const source = rangeSource(start, stop, step);
    assert(source.kind === "values");
    const actual = Array.from(
      { length: source.count },
      (_, i) => integerOf(fromBinary(TensorProtoSchema, source.split(i))),
    );
    assertEquals(actual, expected);
  }));
});

Deno.test("constants are read in every form", () => {
  const tensor = (value: Parameters<typeof constant>[0]) =>
    splitsOf({ ...range(0n, 3n), stop: constant(value) }, "range");
  const bytes = new Uint8Array(8);
  bytes[0] = 2;
  assertEquals(tensor({ dtype: DataType.DT_INT64, tensorContent: bytes }), [[0, 1]]);
  assertEquals(tensor({ dtype: DataType.DT_INT32, tensorContent: bytes.subarray(0, 4) }), [[0, 1]]);
  assertEquals(tensor({ dtype: DataType.DT_INT32, intVal: [2] }), [[0, 1]]);
  assertEquals(tensor({ dtype: DataType.DT_INT64 }), [[]]);
  assertThrows(() => tensor({ dtype: DataType.DT_FLOAT, floatVal: [2] }), SluiceError, "is no constant");
  assertThrows(() => tensor({ dtype: DataType.DT_INT64, tensorContent: new Uint8Array(3) }), SluiceError);
});

Deno.test("texts are read in every form", () => {
  assertEquals(textOf(fromBinary(TensorProtoSchema, stringTensor("/tmp/ä"))), "/tmp/ä");
  const text = new TextEncoder().encode("x".repeat(200));
  const content = new Uint8Array([0xc8, 1, ...text]);
  const { attr } = constant({ dtype: DataType.DT_STRING, tensorContent: content });
  const nodes: Record<string, Node> = {
    path: { op: "Const", attr },
    chunks: { op: "ListSnapshotChunksDataset", input: ["path"] },
  };
  assertEquals(splitsOf(nodes, "chunks"), [["x".repeat(200)]]);
});

Deno.test("slices, tensors, lists and random numbers are split by index", () => {
  const nodes: Record<string, Node> = {
    v: vector(3),
    scalar: int64(1n),
    slices: { op: "TensorSliceDataset", input: ["v"] },
    tensor: { op: "TensorDataset", input: ["v"] },
    list: {
      op: "ListDataset",
      input: ["scalar", "scalar", "scalar", "scalar"],
      attr: { output_types: { value: { case: "list", value: { type: [9, 9] } } } as never },
    },
    random: { op: "RandomDatasetV2", input: ["scalar", "scalar"] },
    splits: vector(5),
    ragged: { op: "RaggedTensorToVariant", input: ["splits", "v"] },
    raggedSlices: { op: "TensorSliceDataset", input: ["ragged"] },
    unknown: { op: "TensorSliceDataset", input: ["scalar"] },
  };
  assertEquals(splitsOf(nodes, "slices"), [[0, 1, 2]]);
  assertEquals(splitsOf(nodes, "tensor"), [[0]]);
  assertEquals(splitsOf(nodes, "list"), [[0, 1]]);
  assertEquals(splitsOf(nodes, "random"), [[0, 1, "..."]]);
  assertEquals(splitsOf(nodes, "raggedSlices"), [[0, 1, 2, 3]]);
  assertThrows(() => splitsOf(nodes, "unknown"), SluiceError, "none of its components is a constant");
});

Deno.test("sources of several inputs follow one another; what a function captures is no source", () => {
  const nodes: Record<string, Node> = {
    ...range(0n, 2n),
    v: vector(1),
    tensor: { op: "TensorDataset", input: ["v"] },
    map: { op: "MapDataset", input: ["range:0", "tensor", "^v"] },
    zip: { op: "ZipDataset", input: ["map", "tensor"] },
    concatenate: { op: "ConcatenateDataset", input: ["zip", "range"] },
    choose: { op: "DirectedInterleaveDataset", input: ["tensor", "concatenate", "map"] },
    options: { op: "OptionsDataset", input: ["choose"] },
  };
  assertEquals(splitsOf(nodes, "options"), [[0], [0, 1], [0], [0, 1], [0, 1]]);
});

Deno.test("what cannot be divided is named", () => {
  const nodes: Record<string, Node> = {
    ...range(0n, 2n),
    snapshot: { op: "SnapshotDatasetV2", input: ["range"] },
    service: { op: "DataServiceDatasetV4", input: ["start"] },
    fastest: { op: "ChooseFastestDataset", input: ["range", "range"] },
  };
  const refusal = (output: string, text: string) => {
    const error = assertThrows(() => splitsOf(nodes, output), SluiceError, text);
    assertEquals(error.code, "unimplemented");
  };
  refusal("snapshot", "Splitting is not implemented for snapshot datasets.");
  refusal("service", "Cannot create split providers for dataset of type DataServiceDataset");
  refusal("fastest", "arity 2");
});

Deno.test("damaged graphs are refused", () => {
  const refused = (bytes: Uint8Array, text: string) =>
    assertThrows(() => graphSources(bytes), InvalidArgumentError, text);
  refused(new Uint8Array([255, 255]), "Cannot read the dataset's graph");
  refused(new Uint8Array(), "no output");
  refused(graph({}, "none"), "no node none");
  const loop: Record<string, Node> = {
    a: { op: "MapDataset", input: ["b"] },
    b: { op: "ZipDataset", input: ["a", "a"] },
  };
  refused(graph(loop, "a"), "in a circle");
});

Deno.test("tables are shared by their names, and functions lose their devices", () => {
  const { start, ...rest } = range(0n, 2n);
  const nodes: Record<string, Node> = {
    start: { ...start, device: "/device:CPU:0" },
    ...rest,
    table: { op: "HashTableV2", device: "/device:GPU:0" },
  };
  const prepared = fromBinary(GraphDefSchema, prepareGraph(graph(nodes, "range")));
  const node = (name: string) => prepared.node.find((each) => each.name === name)!;
  assertEquals(node("table").attr["use_node_name_sharing"].value, { case: "b", value: true });
  assertEquals([node("table").device, node("start").device], ["", "/device:CPU:0"]);
  const plain = graph(range(0n, 2n), "range");
  assert(prepareGraph(plain) === plain);
});

Deno.test("specs of the same structure have the same bytes", () => {
  // { "a": none, "b": none } and the same the other way round
  const field = (key: number) => [10, 7, 10, 1, key, 18, 2, 10, 0];
  const one = new Uint8Array([0xaa, 3, 18, ...field(97), ...field(98)]);
  const two = new Uint8Array([0xaa, 3, 18, ...field(98), ...field(97)]);
  assertEquals(canonicalSpec(one), canonicalSpec(two));
  assertEquals(fromBinary(StructuredValueSchema, canonicalSpec(one)), fromBinary(StructuredValueSchema, one));
  assertEquals(canonicalSpec(new Uint8Array()), new Uint8Array());
  assertThrows(() => canonicalSpec(new Uint8Array([255])), InvalidArgumentError, "element spec");
});
