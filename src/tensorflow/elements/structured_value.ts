/** The element spec as TensorFlow's clients are told it: a `StructuredValue`. */

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { StructuredValueSchema } from "../../gen/tensorflow/struct_pb.ts";
import type { TensorShapeProtoSchema } from "../../gen/tensorflow/tensor_pb.ts";
import type { Layout, PartialShape } from "./layout.ts";

/** Encodes the spec that a layout stands for. */
export function encodeElementSpec(layout: Layout): Uint8Array<ArrayBuffer> {
  return toBinary(StructuredValueSchema, create(StructuredValueSchema, structuredValue(layout)));
}

function structuredValue(layout: Layout): MessageInitShape<typeof StructuredValueSchema> {
  switch (layout.kind) {
    case "tensor": {
      const value = { name: "", shape: shapeProto(layout.shape), dtype: layout.type };
      return { kind: { case: "tensorSpecValue", value } };
    }
    case "tuple":
      return { kind: { case: "tupleValue", value: { values: layout.items.map(structuredValue) } } };
    case "record": {
      const fields = Object.fromEntries(
        layout.fields.map(([key, field]) => [key, create(StructuredValueSchema, structuredValue(field))]),
      );
      return { kind: { case: "dictValue", value: { fields } } };
    }
  }
}

function shapeProto(shape: PartialShape): MessageInitShape<typeof TensorShapeProtoSchema> {
  if (shape === null) return { unknownRank: true };
  return { dim: shape.map((size) => ({ size: BigInt(size ?? -1) })) };
}
