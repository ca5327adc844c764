/** The messages of GetElement, as the worker takes and gives them. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { FailedPreconditionError } from "../base/mod.ts";
import { type ElementBatch, ElementBatchSchema } from "../gen/sluice/v1/element_pb.ts";
import type {
  GetElementRequest,
  GetElementResponse,
  GetElementResponseSchema,
} from "../gen/sluice/v1/worker_pb.ts";
import { codecName, fromElementBatch, toElementBatch } from "../rpc/mod.ts";
import { MAX_ROUNDS_APART } from "./core/rounds.ts";
import { isLoopback } from "./loopback.ts";
import type { ElementReply, ElementRequest } from "./runners/round_robin.ts";

/**
 * A request; `url` is the one that it came by.
 *
 * @throws {FailedPreconditionError} if it names no consumer, no round, or further rounds that cannot be
 */
export function elementRequest(request: GetElementRequest, url: string): ElementRequest {
  const { consumerIndex, roundIndex, oldestRound, skippedPreviousRound, skippedRounds } = request;
  if (consumerIndex === undefined || roundIndex === undefined) {
    throw new FailedPreconditionError(
      "Cannot give out an element: the request of a coordinated read must have `consumerIndex` and `roundIndex`",
    );
  }
  const oldest = Number(oldestRound ?? roundIndex);
  const rounds = [roundIndex, ...request.furtherRounds].map(Number);
  if (rounds.length > MAX_ROUNDS_APART || rounds.some((round, i) => i > 0 && round <= rounds[i - 1])) {
    throw new FailedPreconditionError(
      `Cannot give out elements: \`furtherRounds\` must ascend from \`roundIndex\` (${roundIndex}), and be at most ` +
        `${MAX_ROUNDS_APART - 1}, got ${request.furtherRounds.length}`,
    );
  }
  return {
    consumerIndex,
    rounds,
    oldestRound: oldest,
    skippedRounds: [...skippedRounds.map(Number), ...(skippedPreviousRound ? [oldest - 1] : [])],
    allowSkip: request.allowSkip,
    endedRound: request.endedRound === undefined ? undefined : Number(request.endedRound),
    accepted: request.acceptedCompressions.map(codecName).filter((name) => name !== undefined),
    compression: codecName(request.compression) ?? "AUTO",
    loopback: isLoopback(new URL(url).hostname),
  };
}

/** Replies for the wire; the first is that of the request's first round. */
export function elementResponse(
  [first, ...further]: readonly ElementReply[],
): MessageInitShape<typeof GetElementResponseSchema> {
  return {
    ...partOf(first),
    further: further.map((reply) => ({ roundIndex: BigInt(reply.round), ...partOf(reply) })),
  };
}

/** The replies of a response to a request whose first round is `first`. */
export function elementReplies(response: GetElementResponse, first: number): ElementReply[] {
  return [
    replyOf(response, first),
    ...response.further.map((part) => replyOf(part, Number(part.roundIndex))),
  ];
}

/** What a response says of a round. */
interface RoundPart {
  readonly batch?: ElementBatch;
  readonly endOfSequence: boolean;
  readonly skipTask: boolean;
}

function partOf(reply: ElementReply): Partial<RoundPart> {
  switch (reply.kind) {
    case "element":
      return { batch: create(ElementBatchSchema, toElementBatch(reply.batch)) };
    case "skip":
      return { skipTask: true };
    case "end":
      return { endOfSequence: true };
  }
}

function replyOf({ batch, skipTask }: RoundPart, round: number): ElementReply {
  if (!batch) return { kind: skipTask ? "skip" : "end", round };
  const { payload, ...header } = fromElementBatch(batch);
  return { kind: "element", round, batch: { ...header, payload: payload.byteLength > 0 ? [payload] : [] } };
}
