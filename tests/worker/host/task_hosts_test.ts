import { FakeClock, SeededRandom, silentLog } from "../../../src/base/mod.ts";
import { create } from "@bufbuild/protobuf";
import { portableCodecs } from "../../../src/element/mod.ts";
import { GetSplitResponseSchema } from "../../../src/gen/sluice/v1/dispatcher_pb.ts";
import { memoryFileSystem } from "../../../src/sources/mod.ts";
import { createInProcessHost } from "../../../src/worker/host/in_process.ts";
import { createProcessHost } from "../../../src/worker/host/process/process_host.ts";
import { MemoryProcesses } from "./process/memory_process.ts";
import { type MakeHost, testTaskHost } from "./task_host_contract.ts";

/** Answers as the protocol makes them of what a test says. */
const complete = (dispatcher: Parameters<MakeHost>[0]): Parameters<MakeHost>[0] => ({
  getSplit: async (request) => create(GetSplitResponseSchema, await dispatcher.getSplit(request)),
});

testTaskHost("in process", (dispatcher) =>
  createInProcessHost({
    clock: new FakeClock(),
    random: new SeededRandom(3),
    log: silentLog,
    codecs: portableCodecs,
    files: memoryFileSystem({}),
    Dataset: { fromArray: () => ({}) },
    dataService: () => {
      throw new Error("No services here");
    },
    dispatcher: complete(dispatcher),
    dispatcherTimeoutMs: 60_000,
  }));

testTaskHost("process", (dispatcher) => {
  const clock = new FakeClock();
  const processes = new MemoryProcesses(clock);
  return createProcessHost({
    clock,
    random: new SeededRandom(5),
    log: silentLog,
    spawn: processes.spawn,
    fetch: processes.fetch,
    dispatcher: complete(dispatcher),
    hostname: "127.0.0.1",
    addressOf: (port) => `http://worker:${port}`,
    nextSocketPath: () => null,
    settings: { lanes: 1, crossTrainerCacheSizeBytes: 1_000_000 },
    watchdogMs: 30_000,
    heapLimitMb: 100,
    print: () => {},
  });
});
