/** The one place where the state changes, for live traffic and replay alike. */

import { InternalError } from "../../base/mod.ts";
import {
  acquireClient,
  collectIteration,
  createIteration,
  freeIteration,
  releaseClient,
} from "./apply_iterations.ts";
import {
  adoptDataset,
  createJob,
  freeDataset,
  freeJob,
  registerDataset,
  settleCompression,
} from "./apply_registry.ts";
import { consume, excludeTaken, leaveTask, loseTask, resumeClient } from "./apply_recovery.ts";
import { acceptRound, rejectRound, removeTask } from "./apply_rounds.ts";
import {
  addressTask,
  createPendingTask,
  createTask,
  endSplits,
  finishTask,
  leaseSplit,
  reserveSplits,
  takeSplit,
} from "./apply_tasks.ts";
import { beginRun } from "./apply_run.ts";
import { drainWorker, loseWorker, registerWorker, removeWorker } from "./apply_workers.ts";
import { beginSnapshot, endSnapshot, forgetSnapshot } from "./snapshots/apply.ts";
import type { DispatcherState } from "./state.ts";
import type { Update } from "./updates.ts";

/**
 * Changes `state` by one update.
 *
 * @throws {InternalError} for an update that cannot follow what was applied before, as in a foreign journal
 */
export function apply(state: DispatcherState, update: Update): void {
  switch (update.type) {
    case "registerDataset":
      return registerDataset(state, update);
    case "registerWorker":
      return registerWorker(state, update);
    case "loseWorker":
      return loseWorker(state, update);
    case "removeWorker":
      return removeWorker(state, update);
    case "drainWorker":
      return drainWorker(state, update);
    case "createJob":
      return createJob(state, update);
    case "createIteration":
      return createIteration(state, update);
    case "acquireClient":
      return acquireClient(state, update);
    case "releaseClient":
      return releaseClient(state, update);
    case "createTask":
      return createTask(state, update);
    case "addressTask":
      return addressTask(state, update);
    case "createPendingTask":
      return createPendingTask(state, update);
    case "acceptRound":
      return acceptRound(state, update);
    case "rejectRound":
      return rejectRound(state, update);
    case "removeTask":
      return removeTask(state, update);
    case "finishTask":
      return finishTask(state, update);
    case "leaseSplit":
      return leaseSplit(state, update);
    case "endSplits":
      return endSplits(state, update);
    case "takeSplit":
      return takeSplit(state, update);
    case "reserveSplits":
      return reserveSplits(state, update);
    case "beginRun":
      return beginRun(state, update);
    case "settleCompression":
      return settleCompression(state, update);
    case "consume":
      return consume(state, update);
    case "leaveTask":
      return leaveTask(state, update);
    case "loseTask":
      return loseTask(state, update);
    case "excludeTaken":
      return excludeTaken(state, update);
    case "resumeClient":
      return resumeClient(state, update);
    case "collectIteration":
      return collectIteration(state, update);
    case "freeIteration":
      return freeIteration(state, update);
    case "adoptDataset":
      return adoptDataset(state, update);
    case "freeJob":
      return freeJob(state, update);
    case "freeDataset":
      return freeDataset(state, update);
    case "beginSnapshot":
      return beginSnapshot(state, update);
    case "endSnapshot":
      return endSnapshot(state, update);
    case "forgetSnapshot":
      return forgetSnapshot(state, update);
    default: {
      const unknown: never = update;
      throw new InternalError(
        `Cannot apply an update: its type is ${JSON.stringify((unknown as { type?: unknown } | null)?.type)}`,
      );
    }
  }
}
