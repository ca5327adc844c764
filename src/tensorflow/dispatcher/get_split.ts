/** GetSplit by hand: it is called once for each element of a dynamically sharded range. */

import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  FailedPreconditionError,
  InvalidArgumentError,
  type MaybePromise,
  messageOf,
  then,
} from "../../base/mod.ts";
import {
  END_OF_SPLITS,
  RESERVED,
  type ServiceParts,
  takeSplit,
  type TakeSplitRequest,
} from "../../dispatcher/mod.ts";
import type { GrpcHandler, GrpcReply } from "../grpc/mod.ts";
import type { GraphSource } from "../graph/split_source.ts";
import type { ChunkSplits } from "./chunk_splits.ts";
import { sourcesOfDataset, TENSORFLOW } from "./tensorflow_format.ts";

/** `GetSplitResponse { end_of_splits: true }`. */
const END = new Uint8Array([0x10, 1]);

/** Field numbers of `GetSplitRequest`. */
const ITERATION_ID = 1;
const REPETITION = 2;
const SOURCE = 3;

/** The handler of GetSplit. */
export function getSplitHandler(parts: ServiceParts, chunks: ChunkSplits): GrpcHandler {
  const { state } = parts;
  return (bytes, { signal }) => {
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
      return chunks.next(request, source.path, () => signal).then((split) => split ? reply(split) : END);
    }
    return takeIndex(parts, request, source);
  };
}

/** What is on its way to the disk is waited for first, so that nothing is between the note of a split and its answer. */
function takeIndex(
  parts: ServiceParts,
  request: TakeSplitRequest,
  source: Exclude<GraphSource, { kind: "chunks" }> | undefined,
): MaybePromise<GrpcReply> {
  return then(parts.settled(), () => {
    const { reply: index, commit } = parts.decide(takeSplit, request);
    if (index === RESERVED) return then(commit(), () => takeIndex(parts, request, source));
    return { message: index === END_OF_SPLITS || !source ? END : reply(source.split(index)), commit };
  });
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
