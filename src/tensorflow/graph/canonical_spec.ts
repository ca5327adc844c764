import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { InvalidArgumentError, messageOf } from "../../base/mod.ts";
import { type StructuredValue, StructuredValueSchema } from "../../gen/tensorflow/struct_pb.ts";

/**
 * The one encoding of an element spec: keys of dictionaries sorted, which protobuf writes in any order. Empty bytes
 * ("not known") stay empty.
 *
 * @throws {InvalidArgumentError} for bytes that are no spec
 */
export function canonicalSpec(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return bytes;
  try {
    const spec = fromBinary(StructuredValueSchema, bytes);
    sortKeys(spec);
    return toBinary(StructuredValueSchema, spec);
  } catch (error) {
    throw new InvalidArgumentError(`Cannot read the dataset's element spec: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function sortKeys({ kind }: StructuredValue): void {
  switch (kind.case) {
    case "listValue":
    case "tupleValue":
      return kind.value.values.forEach(sortKeys);
    case "namedTupleValue":
      return kind.value.values.forEach(({ value }) => value && sortKeys(value));
    case "typeSpecValue":
      return void (kind.value.typeState && sortKeys(kind.value.typeState));
    case "dictValue": {
      const entries = Object.entries(kind.value.fields).sort(([a], [b]) => a < b ? -1 : 1);
      for (const [, value] of entries) sortKeys(value);
      kind.value.fields = Object.fromEntries(entries);
      return;
    }
  }
}
