import { compressionNumber, type WorkerClient } from "../../../rpc/mod.ts";
import { elementReplies } from "../../element_messages.ts";
import type { ElementReply, ElementRequest } from "../../runners/round_robin.ts";

/** A round may have to wait for its other consumers: longer than any reader keeps a request open. */
const TIMEOUT_MS = 60_000;

/** Asks a task's process for elements on behalf of a consumer that reaches the worker only. */
export async function relayElements(
  client: WorkerClient,
  { taskId, request, signal }: { taskId: bigint; request: ElementRequest; signal: AbortSignal },
): Promise<readonly ElementReply[]> {
  const { consumerIndex, rounds: [first, ...further], oldestRound, skippedRounds, allowSkip, accepted } =
    request;
  const response = await client.getElement({
    taskId,
    consumerIndex,
    roundIndex: BigInt(first),
    furtherRounds: further.map(BigInt),
    oldestRound: BigInt(oldestRound),
    skippedRounds: skippedRounds.map(BigInt),
    ...(request.endedRound !== undefined && { endedRound: BigInt(request.endedRound) }),
    allowSkip,
    acceptedCompressions: accepted.map(compressionNumber),
    compression: wishOf(request),
  }, { signal, timeoutMs: TIMEOUT_MS });
  return elementReplies(response, first);
}

/** To the process every relayed consumer is on its own host: what it would decide by that is decided here. */
function wishOf({ compression, loopback }: ElementRequest): number {
  if (compression !== "AUTO") return compressionNumber(compression);
  return compressionNumber(loopback ? "NONE" : "ZSTD");
}
