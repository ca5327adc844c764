import { assertEquals, assertRejects } from "@std/assert";
import {
  Dataset,
  distribute,
  FailedPreconditionError,
  InternalError,
  InvalidArgumentError,
  ShardingPolicy,
  UnavailableError,
} from "../../../mod.ts";
import type { ElementSpec } from "../../../src/element/mod.ts";
import { type Cluster, startCluster } from "../../support/cluster.ts";
import { TfReader } from "../support/tf_reader.ts";

const number: ElementSpec = { kind: "number" };
const any: ElementSpec = { kind: "any" };
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

function cluster(worker: { isolation?: "none" | "process" } = {}, workers = 1): Promise<Cluster> {
  return startCluster({ workers, worker: { ...worker, tfPort: 0 } });
}

for (const isolation of ["none", "process"] as const) {
  Deno.test(`a reader of TensorFlow's gets all elements in order, and then the end (isolation ${isolation})`, async () => {
    await using service = await cluster({ isolation });
    const dataset = Dataset.range(1_000).map((x) => ({ x, text: `${x}` }));
    await using reader = await TfReader.begin(service, dataset);
    const spec: ElementSpec = { kind: "record", fields: { text: { kind: "string" }, x: number } };
    assertEquals(await reader.rest(spec), upTo(1_000).map((x) => ({ text: `${x}`, x })));
    assertEquals(await reader.getElement(spec), { kind: "end" });
    assertEquals(await reader.isFinished(), true);
  });

  Deno.test(`an error of the pipeline keeps its class and text, and what comes after it is given (isolation ${isolation})`, async () => {
    await using service = await cluster({ isolation });
    const dataset = Dataset.range(5).map((x) => {
      if (x === 2) throw new Error("boom at two");
      return x;
    });
    await using reader = await TfReader.begin(service, dataset);
    for (const x of [0, 1]) assertEquals(await reader.getElement(number), { kind: "element", element: x });
    await assertRejects(() => reader.getElement(number), InternalError, "boom at two");
    assertEquals(await reader.rest(number), [3, 4]);
    assertEquals(await reader.isFinished(), true);
  });

  Deno.test(`consumers of a coordinated read get consecutive elements (isolation ${isolation})`, async () => {
    await using service = await cluster({ isolation });
    await using reader = await TfReader.begin(service, Dataset.range(100).repeat(), { numConsumers: 2 });
    for (const round of [1n, 2n, 3n]) {
      const [a, b] = await Promise.all([0n, 1n].map((consumer) =>
        reader.getElement(number, {
          optionalConsumerIndex: { case: "consumerIndex", value: consumer },
          optionalRoundIndex: { case: "roundIndex", value: round },
        })
      ));
      assertEquals(a.kind === "element" && b.kind === "element" && Number(b.element) - Number(a.element), 1);
    }
  });
}

Deno.test("large tensors", async () => {
  await using service = await cluster();
  const dataset = Dataset.range(8).map((x) => new Float32Array(150_000).fill(x));
  await using reader = await TfReader.begin(service, dataset);
  const elements = await reader.rest(any);
  assertEquals(
    elements.map((element) => [(element as Float32Array).length, (element as Float32Array)[149_999]]),
    upTo(8).map((x) => [150_000, x]),
  );
});

Deno.test("several readers of one task share its elements", async () => {
  await using service = await cluster();
  await using reader = await TfReader.begin(service, Dataset.range(300));
  const parts = await Promise.all(upTo(3).map(() => reader.rest(number)));
  assertEquals(parts.flat().map(Number).sort((a, b) => a - b), upTo(300));
});

Deno.test("dynamic sharding gives each element to one of the workers' readers", async () => {
  await using service = await cluster({}, 2);
  await using reader = await TfReader.begin(service, Dataset.range(100), {
    processingMode: ShardingPolicy.DYNAMIC,
  });
  const parts = await Promise.all([0, 1].map((worker) => reader.rest(number, worker)));
  assertEquals(parts.flat().map(Number).sort((a, b) => a - b), upTo(100));
});

Deno.test("a reader that may be sent away is, while nothing is ready; another one waits", async () => {
  await using service = await cluster();
  const gate = Promise.withResolvers<void>();
  const gates = (globalThis as { tfTestGates?: Promise<void>[] }).tfTestGates ??= [];
  gates.push(gate.promise);
  const dataset = Dataset.range(2).map(async (x) => {
    if (x === 1) await (globalThis as unknown as { tfTestGates: Promise<void>[] }).tfTestGates[0];
    return x;
  });
  await using reader = await TfReader.begin(service, dataset);
  assertEquals(await reader.getElement(number), { kind: "element", element: 0 });
  assertEquals(await reader.getElement(number, { allowSkip: true }), { kind: "skip" });
  const waiting = reader.getElement(number);
  gate.resolve();
  assertEquals(await waiting, { kind: "element", element: 1 });
});

Deno.test("a request that is given up loses no element", async () => {
  await using service = await cluster();
  const gate = Promise.withResolvers<void>();
  (globalThis as { tfTestGate?: Promise<void> }).tfTestGate = gate.promise;
  const dataset = Dataset.range(3).map(async (x) => {
    await (globalThis as unknown as { tfTestGate: Promise<void> }).tfTestGate;
    return x;
  });
  await using reader = await TfReader.begin(service, dataset);
  const controller = new AbortController();
  const given = reader.getElement(number, { signal: controller.signal });
  controller.abort(new Error("I left"));
  await assertRejects(() => given, Error, "I left");
  gate.resolve();
  assertEquals(await reader.rest(number), [0, 1, 2]);
});

Deno.test("readers of both protocols share a job", async () => {
  await using service = await cluster();
  const dataset = Dataset.range(1_000);
  await using reader = await TfReader.begin(service, dataset, { jobName: "shared" });
  const taken = [];
  for (let i = 0; i < 3; i++) {
    const answer = await reader.getElement(number);
    if (answer.kind === "element") taken.push(answer.element);
  }
  const ours = dataset.apply(
    distribute<number>({ processingMode: "parallel_epochs", service: service.service, jobName: "shared" }),
  ).toArray();
  const rest = await reader.rest(number);
  assertEquals([...taken, ...rest, ...await ours].map(Number).sort((a, b) => a - b), upTo(1_000));
});

Deno.test("what TensorFlow cannot hold is refused with a sentence, and other tasks go on", async () => {
  await using service = await cluster();
  const refused: [Dataset<unknown>, string][] = [
    [
      Dataset.range(3).map(() => null),
      "TensorFlow cannot hold the element of this dataset: it is null",
    ],
    [Dataset.fromArray<unknown>([1, "two"]), "its structure or type differs"],
    [Dataset.range(3).map(() => [[1, 2, 3, 4, 5], [1], [1], [1], [1]]), "ragged"],
    [Dataset.range(3).map(() => 2n ** 70n), "TensorFlow cannot hold bigint"],
  ];
  for (const [i, [dataset, message]] of refused.entries()) {
    await using reader = await TfReader.begin(service, dataset, { jobName: `job ${i}` });
    await assertRejects(() => reader.getElement(any), InvalidArgumentError, message);
  }
  await using reader = await TfReader.begin(service, Dataset.range(3));
  assertEquals(await reader.rest(number), [0, 1, 2]);
});

Deno.test("a task that the worker does not have is tried again; a request without a round is wrong", async () => {
  await using service = await cluster();
  await using reader = await TfReader.begin(service, Dataset.range(9).repeat(), { numConsumers: 1 });
  await assertRejects(
    () => reader.getElement(number, { taskId: 77n }),
    UnavailableError,
    "Task 77 not found",
  );
  const optionalConsumerIndex = { case: "consumerIndex" as const, value: 0n };
  await assertRejects(
    () => reader.getElement(number, { optionalConsumerIndex }),
    FailedPreconditionError,
    "a round",
  );
  await assertRejects(() => reader.getElement(number), FailedPreconditionError, "coordinated read");
});

Deno.test("a coordinated read that ends is refused: TensorFlow's consumers would wait for ever", async () => {
  await using service = await cluster();
  await using reader = await TfReader.begin(service, Dataset.range(0), { numConsumers: 1 });
  const request = {
    optionalConsumerIndex: { case: "consumerIndex" as const, value: 0n },
    optionalRoundIndex: { case: "roundIndex" as const, value: 1n },
  };
  await assertRejects(
    () => reader.getElement(number, request),
    FailedPreconditionError,
    "Encountered end of sequence on a round-robin read iterator",
  );
});
