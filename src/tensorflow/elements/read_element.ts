/** Elements out of a worker's answers. */

import { fromBinary } from "@bufbuild/protobuf";
import { DataLossError, type MaybePromise, messageOf, SluiceError, then } from "../../base/mod.ts";
import { type Codec, type Element, portableCodecs } from "../../element/mod.ts";
import type { CompressedComponentMetadata, CompressedElement } from "../../gen/tensorflow/data/dataset_pb.ts";
import { type GetElementResponse, GetElementResponseSchema } from "../../gen/tensorflow/data/worker_pb.ts";
import { DataType, type TensorProto, TensorProtoSchema } from "../../gen/tensorflow/tensor_pb.ts";
import { bytesOfDataType, nameOfDataType } from "./data_types.ts";
import { assemble, type Structure } from "./structure.ts";
import { countOf, sizesOf, type TensorData, tensorData } from "./tensor_data.ts";
import { tensorElement } from "./tensor_element.ts";

/** What a worker answers to a request for an element. */
export type ElementAnswer =
  | { readonly kind: "element"; readonly element: Element }
  /** Nothing is ready. */
  | { readonly kind: "skip" }
  /** The task has no more elements. */
  | { readonly kind: "end" };

/**
 * Reads a worker's answer. It is a promise only where the element is compressed.
 *
 * @throws {DataLossError} if the bytes contradict each other, or an element is over 1 GiB
 * @throws {InvalidArgumentError} if its tensors are not those of `structure`
 * @throws {SluiceError} with code `unimplemented` for types and versions that are not known here
 */
export function readElementResponse(bytes: Uint8Array, structure: Structure): MaybePromise<ElementAnswer> {
  const { element, endOfSequence, skipTask } = decodeResponse(bytes);
  switch (element.case) {
    case "uncompressed":
      return { kind: "element", element: elementOf(element.value.components.map(tensorData), structure) };
    case "compressed":
      return then(readCompressed(element.value), (tensors): ElementAnswer => ({
        kind: "element",
        element: elementOf(tensors, structure),
      }));
    case undefined:
      if (endOfSequence) return { kind: "end" };
      if (skipTask) return { kind: "skip" };
      throw new DataLossError("A worker's answer has neither an element nor a reason why there is none");
  }
}

function decodeResponse(bytes: Uint8Array): GetElementResponse {
  try {
    return fromBinary(GetElementResponseSchema, bytes);
  } catch (error) {
    throw new DataLossError(`Cannot read a worker's answer: ${messageOf(error)}`, { cause: error });
  }
}

/** Most bytes of an element, as of a message. */
const MAX_BYTES = 2 ** 30;

const snappy = portableCodecs.get("SNAPPY") as Codec;

/** The tensors of one raw block of Snappy, which holds their bytes one after the other. */
function readCompressed(
  { data, componentMetadata, version }: CompressedElement,
): MaybePromise<TensorData[]> {
  if (version !== 0) {
    throw new SluiceError(`Cannot read a compressed element of version ${version}`, {
      code: "unimplemented",
    });
  }
  let size = 0;
  for (const { uncompressedBytes } of componentMetadata) {
    for (const bytes of uncompressedBytes) size += Number(bytes);
  }
  if (size > MAX_BYTES) {
    throw new DataLossError(`An element of ${size} bytes is over the limit of ${MAX_BYTES}`);
  }
  return then(snappy.decompress(data, size), (bytes) => {
    let at = 0;
    const take = (length: number) => bytes.subarray(at, at += length);
    return componentMetadata.map((metadata) => componentData(metadata, take));
  });
}

function componentData(
  { dtype: type, tensorShape, uncompressedBytes }: CompressedComponentMetadata,
  take: (length: number) => Uint8Array,
): TensorData {
  const shape = sizesOf(tensorShape);
  const count = countOf(shape);
  const lengths = uncompressedBytes.map(Number);
  if (type === DataType.DT_STRING) {
    if (lengths.length === count) return { kind: "strings", shape, values: lengths.map(take) };
    throw new DataLossError(`A tensor of ${count} strings has the lengths of ${lengths.length}`);
  }
  const bytes = take(lengths.reduce((sum, length) => sum + length, 0));
  const valueBytes = bytesOfDataType(type);
  if (valueBytes === undefined) return tensorData(serializedTensor(bytes, type));
  if (bytes.length === valueBytes * count) return { kind: "numbers", type, shape, bytes };
  throw new DataLossError(
    `A tensor of ${nameOfDataType(type)} and shape [${shape.join(", ")}] has ${bytes.length} bytes`,
  );
}

function elementOf(tensors: readonly TensorData[], structure: Structure): Element {
  return assemble(
    structure,
    tensors.length,
    (index, { as, place }) => tensorElement(tensors[index], as, place),
  );
}

/** What has no bytes of its own is compressed as a message. */
function serializedTensor(content: Uint8Array, dtype: DataType): TensorProto {
  try {
    return fromBinary(TensorProtoSchema, content);
  } catch (error) {
    throw new DataLossError(`Cannot read a tensor of type ${nameOfDataType(dtype)}: ${messageOf(error)}`);
  }
}
