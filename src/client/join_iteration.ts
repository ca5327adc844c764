import type { MessageInitShape } from "@bufbuild/protobuf";
import { decodeBase64, InternalError, raceAbort } from "../base/mod.ts";
import type { CheckpointSchema, ClientHeartbeatResponse } from "../gen/sluice/v1/dispatcher_pb.ts";
import { ShardingPolicy } from "../graph/mod.ts";
import type { DispatcherLink } from "./dispatcher_link.ts";
import { FAREWELL_MS, releaseClient } from "./farewell.ts";
import { requestId } from "./request_id.ts";
import type { ServiceCheckpoint } from "./service_checkpoint.ts";

/** A new client of an iteration. */
export interface JoinedIteration {
  readonly clientId: bigint;
  /** Names the iteration among those of all dispatchers. */
  readonly iterationKey: string;
  /** The tasks to begin with. */
  readonly state: ClientHeartbeatResponse;
}

/**
 * Joins a pass over a job. A reader that gives up while the answer is on its way waits a moment for it, so as to
 * release the client: the dispatcher would keep it, and what it is to read, until it counts as lost.
 *
 * @throws {NotFoundError} if there is no such job
 * @throws {FailedPreconditionError} if the pass cannot go on from the checkpoint
 * @throws {UnavailableError} if the dispatcher could not be reached in time
 */
export async function joinIteration(
  link: DispatcherLink,
  pass: { readonly jobId: bigint; readonly repetition: number; readonly resume: ServiceCheckpoint | null },
  signal: AbortSignal,
): Promise<JoinedIteration> {
  signal.throwIfAborted();
  const { clock, random } = link.environment;
  const request = {
    jobId: pass.jobId,
    repetition: BigInt(pass.repetition),
    requestId: requestId(random),
    begins: true,
    ...(pass.resume && { checkpoint: checkpointMessage(pass.resume) }),
  };
  const patience = new AbortController();
  const joining = link.call(
    "join the iteration",
    (client, call) => client.getOrCreateIteration(request, call),
    patience.signal,
  );
  try {
    const { iterationClientId, iterationKey, state } = await raceAbort(joining, signal);
    if (!state) throw new InternalError("Cannot join the iteration: the answer lists no tasks");
    return { clientId: iterationClientId, iterationKey, state };
  } catch (error) {
    if (signal.aborted) {
      const timer = clock.setTimer(() => patience.abort(signal.reason), FAREWELL_MS);
      await releaseLate(joining, link);
      timer.clear();
    }
    throw error;
  }
}

function checkpointMessage(resume: ServiceCheckpoint): MessageInitShape<typeof CheckpointSchema> {
  return {
    iterationKey: resume.iteration,
    iterationClientId: BigInt(resume.client),
    consumed: decodeBase64(resume.consumed),
    position: BigInt(resume.policy === ShardingPolicy.OFF ? resume.position : 0),
    numReaders: resume.readers,
  };
}

async function releaseLate(
  joining: Promise<{ iterationClientId: bigint }>,
  link: DispatcherLink,
): Promise<void> {
  try {
    const { iterationClientId } = await joining;
    await releaseClient(link, iterationClientId);
  } catch {
    // Nothing was joined.
  }
}
