/** What stock TensorFlow says while it saves a dataset, said to our dispatcher: the same replies, the same files. */

import { assertEquals } from "@std/assert";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FakeClock, silentLog, systemClock } from "../../../src/base/mod.ts";
import {
  WorkerHeartbeatRequestSchema,
  WorkerHeartbeatResponseSchema,
} from "../../../src/gen/tensorflow/data/dispatcher_pb.ts";
import { DatasetDefSchema } from "../../../src/gen/tensorflow/data/common_pb.ts";
import { GraphDefSchema } from "../../../src/gen/tensorflow/graph_pb.ts";
import {
  rootOf,
  snapshotMethods,
  Snapshots,
  snapshotTasks,
  sourcesOfGraph,
} from "../../../src/tensorflow/snapshots/mod.ts";
import { MemoryDurableFiles } from "../../support/memory_durable_files.ts";
import { DiskBook } from "./support.ts";
import recording from "./stock_snapshot.json" with { type: "json" };

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** What workers write, and the dispatcher does not. */
const isWorkers = (file: string) => file.startsWith("chunks/") || /^streams\/stream_\d+\/DONE$/.test(file);

Deno.test("recorded calls get the recorded replies, and leave the recorded files", async () => {
  const disk = new MemoryDurableFiles();
  const parent = recording.path.slice(0, recording.path.lastIndexOf("/"));
  disk.put(`${parent}/journal`);
  const snapshots = new Snapshots({
    book: new DiskBook(disk),
    files: disk,
    clock: new FakeClock(),
    log: silentLog,
    maxStreamsPerWorker: 3,
    rootOf,
    sourcesOf: (graph) => sourcesOfGraph(graph, { files: disk, clock: systemClock }),
  });
  const methods = new Map(snapshotMethods({ snapshots, checkServing: () => {}, isLost: () => false }));
  const heartbeat = async (request: Uint8Array) => {
    const tasks = await snapshotTasks(snapshots, fromBinary(WorkerHeartbeatRequestSchema, request));
    return toBinary(
      WorkerHeartbeatResponseSchema,
      create(WorkerHeartbeatResponseSchema, { snapshotTasks: tasks }),
    );
  };
  const { signal } = new AbortController();

  for (const { method, request, reply } of recording.calls) {
    const actual = method === "WorkerHeartbeat"
      ? await heartbeat(bytesOf(request))
      : await methods.get(`/tensorflow.data.DispatcherService/${method}`)!(bytesOf(request), { signal });
    assertEquals(actual, bytesOf(reply), `the reply to ${method}`);
  }

  const left = disk.paths().filter((file) => file.startsWith(`${recording.path}/`));
  const recorded = new Map(Object.entries(recording.files).filter(([file]) => !isWorkers(file)));
  assertEquals(left.map((file) => file.slice(recording.path.length + 1)), [...recorded.keys()].sort());
  for (const [file, content] of recorded) {
    const actual = await disk.read(`${recording.path}/${file}`);
    // A graph's attributes have no order.
    const decoded = (bytes: Uint8Array) =>
      file === "dataset_def.proto"
        ? fromBinary(GraphDefSchema, fromBinary(DatasetDefSchema, bytes).graph).node
        : bytes;
    assertEquals(decoded(actual), decoded(bytesOf(content)), file);
  }
});
