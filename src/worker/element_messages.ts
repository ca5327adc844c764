/** The messages of GetElement, as the worker takes and gives them. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { FailedPreconditionError } from "../base/mod.ts";
import { ElementBatchSchema } from "../gen/sluice/v1/element_pb.ts";
import type { GetElementRequest, GetElementResponseSchema } from "../gen/sluice/v1/worker_pb.ts";
import { codecName, toElementBatch } from "../rpc/mod.ts";
import { isLoopback } from "./loopback.ts";
import type { ElementReply, ElementRequest } from "./runners/round_robin.ts";

/**
 * A request; `url` is the one that it came by.
 *
 * @throws {FailedPreconditionError} if it names no consumer or no round
 */
export function elementRequest(request: GetElementRequest, url: string): ElementRequest {
  const { consumerIndex, roundIndex, oldestRound, skippedPreviousRound, skippedRounds } = request;
  if (consumerIndex === undefined || roundIndex === undefined) {
    throw new FailedPreconditionError(
      "Cannot give out an element: the request of a coordinated read must have `consumerIndex` and `roundIndex`",
    );
  }
  const oldest = Number(oldestRound ?? roundIndex);
  return {
    consumerIndex,
    roundIndex: Number(roundIndex),
    oldestRound: oldest,
    skippedRounds: [...skippedRounds.map(Number), ...(skippedPreviousRound ? [oldest - 1] : [])],
    allowSkip: request.allowSkip,
    accepted: request.acceptedCompressions.map(codecName).filter((name) => name !== undefined),
    compression: codecName(request.compression) ?? "AUTO",
    loopback: isLoopback(new URL(url).hostname),
  };
}

/** A reply for the wire. */
export function elementResponse(reply: ElementReply): MessageInitShape<typeof GetElementResponseSchema> {
  switch (reply.kind) {
    case "element":
      return { batch: create(ElementBatchSchema, toElementBatch(reply.batch)) };
    case "skip":
      return { skipTask: true };
    case "end":
      return { endOfSequence: true };
  }
}
