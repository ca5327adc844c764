import { assertEquals, assertThrows } from "@std/assert";
import { InternalError, InvalidArgumentError, NotFoundError } from "../../../src/base/mod.ts";
import { apply } from "../../../src/dispatcher/core/apply.ts";
import { getDataset } from "../../../src/dispatcher/core/read_only.ts";
import { createState } from "../../../src/dispatcher/core/state.ts";
import type { Update } from "../../../src/dispatcher/core/updates.ts";
import { TestCore } from "../support.ts";

Deno.test("datasets without an id get 1000, 1001 and so on, even if they are equal", () => {
  const core = new TestCore();
  assertEquals([core.dataset(), core.dataset(), core.dataset()], ["1000", "1001", "1002"]);
});

Deno.test("the next id skips ids that were taken explicitly", () => {
  const core = new TestCore();
  assertEquals(core.dataset({ datasetId: "1000" }), "1000");
  assertEquals(core.dataset({ datasetId: "1001" }), "1001");
  assertEquals(core.dataset(), "1002");
});

Deno.test("the next id changes only when something is registered", () => {
  const core = new TestCore();
  assertEquals(core.state.next.dataset, 1000);
  core.dataset({ datasetId: "mine" });
  assertEquals(core.state.next.dataset, 1000);
  core.dataset();
  assertEquals(core.state.next.dataset, 1001);
});

Deno.test("metadata is kept as it was given", () => {
  const core = new TestCore();
  const metadata = { elementSpec: new Uint8Array([1, 2]), compression: 3, cardinality: -1 };
  const id = core.dataset({ metadata });
  assertEquals(core.run(getDataset, id).metadata, metadata);
});

Deno.test("an explicit id registered again keeps its first graph", () => {
  const core = new TestCore();
  core.dataset({ datasetId: "d", fingerprint: "first" });
  assertEquals(core.dataset({ datasetId: "d", fingerprint: "second" }), "d");
  assertEquals(core.run(getDataset, "d").fingerprint, "first");
  assertEquals(core.state.datasets.size, 1);
});

Deno.test("an explicit id with another structure is refused, naming each difference", () => {
  const core = new TestCore();
  core.dataset({ datasetId: "d" });
  const metadata = { elementSpec: new Uint8Array([7]), compression: 1, cardinality: 20 };
  assertThrows(
    () => core.dataset({ datasetId: "d", metadata }),
    InvalidArgumentError,
    'Datasets with the same ID should have the same structure, but for "d" the element specs differ, ' +
      "existing compression: AUTO; got NONE, existing cardinality: 10; got 20",
  );
});

Deno.test("a repeated request registers nothing twice", () => {
  const core = new TestCore();
  const requestId = "0123456789abcdef";
  assertEquals(core.dataset({ requestId }), core.dataset({ requestId }));
  assertEquals(core.state.datasets.size, 1);
});

Deno.test("equal definitions are kept once", () => {
  const core = new TestCore();
  const [a, b] = [core.dataset(), core.dataset()];
  assertEquals(core.run(getDataset, a).graph === core.run(getDataset, b).graph, true);
});

Deno.test("a dataset that is not registered is not found", () => {
  assertThrows(
    () => new TestCore().run(getDataset, "nope"),
    NotFoundError,
    "Dataset id nope not found",
  );
});

Deno.test("an update of unknown type is an internal error", () => {
  const update = JSON.parse('{"type":"surprise"}') as Update;
  assertThrows(() => apply(createState(), update), InternalError, 'its type is "surprise"');
});

Deno.test("an update that names what is not known is an internal error", () => {
  assertThrows(
    () => apply(createState(), { type: "finishTask", taskId: 4000, at: 0 }),
    InternalError,
    "task 4000 is not known",
  );
});
