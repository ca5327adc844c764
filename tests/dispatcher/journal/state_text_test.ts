import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { DataLossError, FailedPreconditionError, InternalError } from "../../../src/base/mod.ts";
import { createState } from "../../../src/dispatcher/core/state.ts";
import { readState, writeState } from "../../../src/dispatcher/journal/state_text.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { indexes, TestCore } from "../support.ts";

/** A core with something in every corner of its state. */
function busyCore(): TestCore {
  const core = new TestCore();
  core.worker("w0:1", { tags: ["x"] });
  core.worker("w1:1");
  core.dataset({ datasetId: "twin" });
  const job = core.job(ShardingPolicy.DYNAMIC, { name: "shared", requestId: "r" });
  const client = core.client(job, {
    sources: [indexes(100), { kind: "files", names: ["a", "ü"] }],
    requestId: "c",
  });
  const [task] = core.tasksOn("w0:1");
  core.split({ taskId: task, repetition: 0, requestId: 1 });
  core.split({ taskId: task, source: 1, repetition: 0, requestId: 1 });
  const done = core.client(core.job(ShardingPolicy.OFF));
  for (const address of ["w0:1", "w1:1"]) core.finish(address, core.tasksOn(address).at(-1)!);
  core.release(done);
  core.heartbeat(client);
  core.leave("w1:1");
  return core;
}

Deno.test("a state comes back, goes on as before, and shares its definitions", () => {
  const core = busyCore();
  const read = readState(writeState(core.state));
  const { definitions } = core.state;
  assertEquals(read.definitions.map(({ fingerprint }) => fingerprint), [...definitions.keys()]);
  const state = read.state((fingerprint) => definitions.get(fingerprint)!);
  assertEquals(state, core.state);
  for (const dataset of state.datasets.values()) {
    assertStrictEquals(dataset.graph, definitions.get(dataset.fingerprint));
  }
});

Deno.test("a state is taken as it is now", () => {
  const core = new TestCore();
  const bytes = writeState(core.state);
  core.worker("w0:1");
  assertEquals(readState(bytes).state(() => new Uint8Array()), createState());
});

Deno.test("what the state refers to, it refers to once, for it would come back as two", () => {
  const { state } = busyCore();
  const seen = new Set<object>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
    assert(!seen.has(value), "an object is referred to twice");
    seen.add(value);
    if (value instanceof Map || value instanceof Set || Array.isArray(value)) value.forEach(visit);
    else Object.values(value).forEach(visit);
  };
  visit(state);
});

Deno.test("a number that JSON does not have is refused", () => {
  const state = createState();
  state.next.task = NaN;
  assertThrows(() => writeState(state), InternalError, "Cannot write a state that holds NaN");
});

Deno.test("what is no state is refused", () => {
  const text = (value: string) => new TextEncoder().encode(value);
  const none = () => new Uint8Array();
  assertThrows(() => readState(text("{")), DataLossError, "Failed to parse");
  const foreign = text('{"definitions":[],"state":{"datasets":{"$map":[]}}}');
  assertThrows(() => readState(foreign).state(none), FailedPreconditionError, "another version");
});
