import { compressionNumber, fromElementBatch, type WorkerClient } from "../../../rpc/mod.ts";
import type { ElementReply, ElementRequest } from "../../runners/round_robin.ts";

/** A round may have to wait for its other consumers: longer than any reader keeps a request open. */
const TIMEOUT_MS = 60_000;

/** Asks a task's process for an element on behalf of a consumer that reaches the worker only. */
export async function relayElement(
  client: WorkerClient,
  { taskId, request, signal }: { taskId: bigint; request: ElementRequest; signal: AbortSignal },
): Promise<ElementReply> {
  const { consumerIndex, roundIndex, oldestRound, skippedRounds, allowSkip, accepted } = request;
  const reply = await client.getElement({
    taskId,
    consumerIndex,
    roundIndex: BigInt(roundIndex),
    oldestRound: BigInt(oldestRound),
    skippedRounds: skippedRounds.map(BigInt),
    allowSkip,
    acceptedCompressions: accepted.map(compressionNumber),
    compression: wishOf(request),
  }, { signal, timeoutMs: TIMEOUT_MS });
  if (reply.batch) {
    const { payload, ...header } = fromElementBatch(reply.batch);
    return { kind: "element", batch: { ...header, payload: payload.byteLength > 0 ? [payload] : [] } };
  }
  return { kind: reply.skipTask ? "skip" : "end" };
}

/** To the process every relayed consumer is on its own host: what it would decide by that is decided here. */
function wishOf({ compression, loopback }: ElementRequest): number {
  if (compression !== "AUTO") return compressionNumber(compression);
  return compressionNumber(loopback ? "NONE" : "ZSTD");
}
