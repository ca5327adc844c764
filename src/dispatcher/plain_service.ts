/** The calls that come thousands of times a second, beside the router: the same handlers with encoded replies. */

import { toBinary } from "@bufbuild/protobuf";
import {
  DispatcherService,
  GetSplitResponseSchema,
  WorkerHeartbeatResponseSchema,
} from "../gen/sluice/v1/dispatcher_pb.ts";
import { type PlainUnary, plainUnary } from "../rpc/mod.ts";
import { clientHeartbeat } from "./core/client_heartbeat.ts";
import { getSplit } from "./core/get_split.ts";
import { workerHeartbeat } from "./core/worker_heartbeat.ts";
import { toGetSplitResponse, toWorkerHeartbeatResponse } from "./protocol/replies.ts";
import { checkClientHeartbeat, checkGetSplit, checkWorkerHeartbeat } from "./protocol/requests.ts";
import type { ServiceParts } from "./service.ts";

/** Heartbeats and splits in their plain form; `routeDispatcherService` answers them alike. */
export function plainDispatcherMethods(
  { run, settings, readerReplies, removals }: Pick<
    ServiceParts,
    "run" | "settings" | "readerReplies" | "removals"
  >,
): PlainUnary[] {
  const { method } = DispatcherService;
  return [
    plainUnary(method.clientHeartbeat, async (request) => {
      const view = await run(clientHeartbeat, checkClientHeartbeat(request));
      return readerReplies.encoded(view, request.knownTasksTag);
    }),
    plainUnary(method.workerHeartbeat, async (request) => {
      const reply = await run(workerHeartbeat, checkWorkerHeartbeat(request));
      removals.begun(reply.newTasks.map(({ taskId }) => taskId));
      return toBinary(
        WorkerHeartbeatResponseSchema,
        toWorkerHeartbeatResponse(reply, settings.workerTimeoutMs),
      );
    }),
    plainUnary(method.getSplit, async (request) => {
      return toBinary(
        GetSplitResponseSchema,
        toGetSplitResponse(await run(getSplit, checkGetSplit(request))),
      );
    }),
  ];
}
