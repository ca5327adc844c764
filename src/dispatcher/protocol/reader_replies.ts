/** What readers are told, for the wire: made and encoded once for each state of an iteration, not for each reader. */

import { create, toBinary } from "@bufbuild/protobuf";
import type { Random } from "../../base/mod.ts";
import {
  type ClientHeartbeatResponse,
  ClientHeartbeatResponseSchema,
  TaskInfoSchema,
} from "../../gen/sluice/v1/dispatcher_pb.ts";
import type { ClientView } from "../core/client_view.ts";
import type { DeploymentMode } from "../core/settings.ts";
import type { TaskInfo } from "../core/task_view.ts";
import { toDeploymentMode } from "./replies.ts";

/** One form of a reply. */
interface Reply {
  readonly message: ClientHeartbeatResponse;
  /** Made when it is first asked for. */
  bytes: Uint8Array<ArrayBuffer> | null;
}

/** What is told of one list of tasks. */
interface Told {
  readonly tag: bigint;
  readonly finished: boolean;
  readonly readers: number;
  readonly full: Reply;
  /** To a reader that has the list already: thousands of tasks are not sent every second. */
  readonly unchanged: Reply;
}

/** Replies to readers. */
export class ReaderReplies {
  readonly #mode: DeploymentMode;
  // The core gives the same array as long as nothing changes.
  readonly #told = new WeakMap<readonly TaskInfo[], Told>();
  #nextTag: number;

  /** Replies of a dispatcher whose workers run as `mode` says. `random` keeps the tags of two dispatchers apart. */
  constructor(mode: DeploymentMode, random: Random) {
    this.#mode = mode;
    this.#nextTag = 1 + random.uint32() * 2 ** 20;
  }

  /** The reply to a reader that has the list of tasks that `knownTag` names; 0n: none. */
  message(view: ClientView, knownTag = 0n): ClientHeartbeatResponse {
    const { message } = this.#reply(view, knownTag);
    const own = ownPart(view);
    return own ? { ...message, ...own } : message;
  }

  /** The same, encoded. */
  encoded(view: ClientView, knownTag: bigint): Uint8Array<ArrayBuffer> {
    const reply = this.#reply(view, knownTag);
    const common = reply.bytes ??= toBinary(ClientHeartbeatResponseSchema, reply.message);
    const part = ownPart(view);
    if (!part) return common;
    // Encoded messages one after the other are one message with the fields of both.
    const own = toBinary(ClientHeartbeatResponseSchema, create(ClientHeartbeatResponseSchema, part));
    const bytes = new Uint8Array(common.length + own.length);
    bytes.set(common);
    bytes.set(own, common.length);
    return bytes;
  }

  #reply(view: ClientView, knownTag: bigint): Reply {
    const told = this.#toldOf(view);
    return told.tag === knownTag ? told.unchanged : told.full;
  }

  #toldOf({ tasks, finished, readers }: ClientView): Told {
    const former = this.#told.get(tasks);
    if (former?.finished === finished && former.readers === readers) return former;
    // Who else reads changes nothing of the list.
    const tag = former?.tag ?? BigInt(this.#nextTag++);
    const common = {
      numReaders: readers,
      iterationFinished: finished,
      deploymentMode: toDeploymentMode(this.#mode),
      tasksTag: tag,
    };
    const told: Told = {
      tag,
      finished,
      readers,
      full: reply({ ...common, tasks: tasks.map(toTaskInfo) }),
      unchanged: reply({ ...common, tasksUnchanged: true }),
    };
    this.#told.set(tasks, told);
    return told;
  }
}

/** What is told to one reader alone, or for a while; null: nothing. */
function ownPart(
  { blockRound, recovering = false, lostTasks = [] }: ClientView,
): { blockRound?: bigint; recovering: boolean; lostTasks: bigint[] } | null {
  if (blockRound === undefined && !recovering) return null;
  return {
    recovering,
    lostTasks: lostTasks.map(BigInt),
    ...(blockRound !== undefined && { blockRound: BigInt(blockRound) }),
  };
}

function reply(init: Parameters<typeof create<typeof ClientHeartbeatResponseSchema>>[1]): Reply {
  return { message: create(ClientHeartbeatResponseSchema, init), bytes: null };
}

function toTaskInfo(task: TaskInfo) {
  return create(TaskInfoSchema, {
    taskId: BigInt(task.taskId),
    iterationId: BigInt(task.iterationId),
    workerAddress: task.address,
    workerUid: task.uid,
    workerTags: [...task.tags],
    finished: task.finished,
    dataAddresses: [...task.dataAddresses],
    startingRound: BigInt(task.startingRound ?? 0),
  });
}
