/** The notes about tasks, as the dispatcher takes them. */

import { create } from "@bufbuild/protobuf";
import type { CodecName } from "../element/mod.ts";
import {
  StreamCountSchema,
  type TaskNotes as Message,
  TaskNotesSchema,
} from "../gen/sluice/v1/dispatcher_pb.ts";
import { compressionNumber } from "../rpc/mod.ts";
import type { TaskNotes } from "./runners/task_notes.ts";

/** Notes by the ids of their tasks. */
export function taskNotesOf(notes: Iterable<readonly [bigint, TaskNotes]>): { [taskId: string]: Message } {
  return Object.fromEntries([...notes].map(([taskId, { leftOut, streams }]) => [
    String(taskId),
    create(TaskNotesSchema, {
      leftOut: BigInt(leftOut),
      streams: Object.entries(streams).map(([codec, count]) =>
        create(StreamCountSchema, {
          compression: compressionNumber(codec as CodecName),
          count: BigInt(count),
        })
      ),
    }),
  ]));
}
