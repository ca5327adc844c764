/** GetSplit by hand: it is called once for each element of a dynamically sharded range. */

import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { FailedPreconditionError, InvalidArgumentError, messageOf } from "../../base/mod.ts";
import {
  END_OF_SPLITS,
  RESERVED,
  type ServiceParts,
  takeSplit,
  type TakeSplitRequest,
} from "../../dispatcher/mod.ts";
import type { GrpcHandler } from "../grpc/mod.ts";
import type { ChunkSplits } from "./chunk_splits.ts";
import { sourcesOfDataset, TENSORFLOW } from "./tensorflow_format.ts";

/** `GetSplitResponse { end_of_splits: true }`. */
const END = new Uint8Array([0x10, 1]);

/** Field numbers of `GetSplitRequest`. */
const ITERATION_ID = 1;
const REPETITION = 2;
const SOURCE = 3;

/** The handler of GetSplit. */
export function getSplitHandler({ run, state }: ServiceParts, chunks: ChunkSplits): GrpcHandler {
  return async (bytes, { signal }) => {
    const request = readRequest(bytes);
    const iteration = state.iterations.get(request.iterationId);
    const dataset = state.datasets.get(iteration?.datasetId ?? "");
    if (dataset && dataset.format !== TENSORFLOW) {
      throw new FailedPreconditionError(
        `Cannot get a split of iteration ${request.iterationId} for TensorFlow: dataset ${dataset.id} is of format ` +
          `"${dataset.format}"`,
      );
    }
    const source = dataset && iteration!.sources.length > 0
      ? sourcesOfDataset(dataset.graph)[request.source]
      : undefined;
    if (source?.kind === "chunks") {
      const split = await chunks.next(request, source.path, () => signal);
      return split ? reply(split) : END;
    }
    let index: number;
    do index = await run(takeSplit, request); while (index === RESERVED);
    return index === END_OF_SPLITS || !source ? END : reply(source.split(index));
  };
}

function reply(split: Uint8Array): Uint8Array {
  if (split.length >= 128) return new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(split).finish();
  const bytes = new Uint8Array(2 + split.length);
  bytes[0] = 0x0a;
  bytes[1] = split.length;
  bytes.set(split, 2);
  return bytes;
}

function readRequest(bytes: Uint8Array): TakeSplitRequest {
  const fields = [0, 0, 0, 0];
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (field > SOURCE || wireType !== WireType.Varint) reader.skip(wireType, field);
      else fields[field] = Number(reader.int64());
    }
  } catch (error) {
    throw new InvalidArgumentError(`Cannot decode a GetSplitRequest: ${messageOf(error)}`, { cause: error });
  }
  return { iterationId: fields[ITERATION_ID], repetition: fields[REPETITION], source: fields[SOURCE] };
}
