import { assert, assertEquals, assertRejects } from "@std/assert";
import { CanceledError, type InternalError } from "../../../src/base/mod.ts";
import { ShardingPolicy } from "../../../src/gen/sluice/v1/dataset_pb.ts";
import { ConsumedSet, encodeConsumed } from "../../../src/element/mod.ts";
import { checkNode, inlineFunction, serializeGraph } from "../../../src/graph/mod.ts";
import type { DispatcherClient } from "../../../src/rpc/mod.ts";
import type { TaskDefinition, TaskHandle, TaskHost } from "../../../src/worker/host/task_host.ts";
import type { StreamRequest } from "../../../src/worker/runners/task_runner.ts";
import { StreamReader } from "../support/reader.ts";
import { mapped, range } from "../support/worker_harness.ts";

/** Makes a host whose tasks lease their splits from `dispatcher`. */
export type MakeHost = (dispatcher: Pick<DispatcherClient, "getSplit">) => TaskHost;

const DEFINITION: TaskDefinition = {
  taskId: 7n,
  iterationId: 1n,
  datasetId: "d",
  policy: ShardingPolicy.OFF_UNSPECIFIED,
  repetition: 0,
  numWorkers: 0,
  workerIndex: 0,
  numConsumers: null,
  useCrossTrainerCache: false,
  compression: "AUTO",
};

const REQUEST: StreamRequest = {
  clientId: 1n,
  sessionId: "",
  next: 0,
  taken: 0,
  limit: 16,
  accepted: [],
  compression: "AUTO",
  loopback: true,
};

const never = () => new AbortController().signal;

/** What every host of tasks does. */
export function testTaskHost(name: string, make: MakeHost): void {
  const started = (
    graph: Uint8Array,
    options: { definition?: Partial<TaskDefinition>; dispatcher?: Pick<DispatcherClient, "getSplit"> } = {},
  ) => {
    const host = make(options.dispatcher ?? { getSplit: () => Promise.reject(new Error("No splits here")) });
    const events: string[] = [];
    const handle: TaskHandle = host.start(
      { ...DEFINITION, ...options.definition },
      () => Promise.resolve(graph),
      () => Promise.resolve(void events.push("told")),
    );
    handle.completed.then(() => events.push("completed"));
    return { host, handle, events };
  };
  const acknowledgement = (sessionId: string, taken: number, release = false) => ({
    clientId: 1n,
    sessionId,
    taken,
    limit: taken + 16,
    release,
  });

  Deno.test(`${name}: a reader gets the elements in order and then the end`, async () => {
    const { host, handle, events } = started(serializeGraph(mapped(range(5), (x) => x * 10)));
    const reader = new StreamReader(handle.openStream(REQUEST, never()));
    assertEquals(await reader.toEnd(), [0, 10, 20, 30, 40]);
    assert(reader.ended);
    assertEquals(events, []);
    assertEquals(await handle.acknowledge(acknowledgement(reader.sessionId, reader.next)), "noted");
    await handle.completed;
    assert(events.includes("completed"));
    await host.stop?.();
  });

  Deno.test(`${name}: an error of the pipeline comes among the elements, and reading goes on behind it`, async () => {
    const { host, handle } = started(serializeGraph(mapped(range(4), (x) => {
      if (x === 1) throw new Error("no");
      return x;
    })));
    const reader = new StreamReader(handle.openStream(REQUEST, never()));
    const error = await assertRejects(() => reader.toEnd()) as InternalError;
    assertEquals([error.code, error.message], ["internal", "Cannot map element 1: no"]);
    assertEquals([reader.elements, reader.next], [[0], 2]);
    await handle.acknowledge(acknowledgement(reader.sessionId, 2));
    const behind = { ...REQUEST, sessionId: reader.sessionId, next: 2, taken: 2, limit: 18 };
    assertEquals(await new StreamReader(handle.openStream(behind, never()), 2).toEnd(), [2, 3]);
    await handle.stop(new CanceledError("over"));
    await host.stop?.();
  });

  Deno.test(`${name}: a session goes on in another stream from the block that the reader lacks`, async () => {
    const { host, handle } = started(serializeGraph(range(3)));
    const first = new StreamReader(handle.openStream(REQUEST, never()));
    await first.toEnd();
    const { sessionId } = first;
    const again = new StreamReader(handle.openStream({ ...REQUEST, sessionId, next: 0 }, never()));
    assertEquals(await again.toEnd(), [0, 1, 2]);
    assertEquals(again.sessionId, sessionId);
    await handle.stop(new CanceledError("over"));
    await host.stop?.();
  });

  Deno.test(`${name}: a session that is not known is not acknowledged`, async () => {
    const { host, handle } = started(serializeGraph(range(3)));
    assertEquals(await handle.acknowledge(acknowledgement("odd", 0)), "unknownSession");
    const reader = new StreamReader(handle.openStream(REQUEST, never()));
    await reader.block();
    const release = acknowledgement(reader.sessionId, 0, true);
    assertEquals(await handle.acknowledge(release), "noted");
    assertEquals(await handle.acknowledge({ ...release, release: false }), "unknownSession");
    await reader.close();
    await handle.stop(new CanceledError("over"));
    await host.stop?.();
  });

  Deno.test(`${name}: what a lost reader was sent goes to another one`, async () => {
    const { host, handle } = started(serializeGraph(range(3)));
    const lost = new StreamReader(handle.openStream(REQUEST, never()));
    await lost.block();
    const other = new StreamReader(handle.openStream({ ...REQUEST, clientId: 2n }, never()));
    await other.step();
    handle.release!(1n);
    assertEquals(await other.toEnd(), [0, 1, 2]);
    await lost.close();
    await handle.stop(new CanceledError("over"));
    await host.stop?.();
  });

  Deno.test(`${name}: an aborted signal ends a stream with its reason, and so does the end of the task`, async () => {
    const { host, handle } = started(serializeGraph(mapped(range(3), () => new Promise(() => {}))));
    const abort = new AbortController();
    const left = handle.openStream(REQUEST, abort.signal);
    await left.next(); // Names the session.
    const pulled = assertRejects(() => left.next(), Error, "enough");
    abort.abort(new Error("enough"));
    await pulled;
    const open = handle.openStream({ ...REQUEST, clientId: 2n }, never());
    await open.next();
    const ended = assertRejects(() => open.next(), CanceledError, "the task is over");
    await handle.stop(new CanceledError("the task is over"));
    await ended;
    await assertRejects(
      async () => void await handle.openStream(REQUEST, never()).next(),
      CanceledError,
      "the task is over",
    );
    await host.stop?.();
  });

  Deno.test(`${name}: a reader that leaves is not kept waiting`, async () => {
    const { host, handle } = started(serializeGraph(mapped(range(3), () => new Promise(() => {}))));
    const stream = handle.openStream(REQUEST, never());
    await stream.next();
    const pulled = stream.next();
    await stream.return!();
    assertEquals(await pulled, { done: true, value: undefined });
    await handle.stop(new CanceledError("over"));
    await host.stop?.();
  });

  Deno.test(`${name}: splits are those of the task, asked for as the reader needs them`, async () => {
    const asked: unknown[] = [];
    const { host, handle } = started(serializeGraph(range(6)), {
      definition: { policy: ShardingPolicy.DYNAMIC },
      dispatcher: {
        getSplit(request) {
          const { taskId, iterationId, requestId } = request;
          asked.push([taskId, iterationId, requestId]);
          const splits = requestId === 1n ? [{ start: 2n, end: 4n }] : [];
          return Promise.resolve({
            splits,
            endOfSplits: requestId !== 1n,
            sourceIsEmpty: false,
            currentRepetition: 0n,
          }) as never;
        },
      },
    });
    const reader = new StreamReader(handle.openStream(REQUEST, never()));
    assertEquals(await reader.toEnd(), [2, 3]);
    assertEquals(asked, [[7n, 1n, 1n], [7n, 1n, 2n]]);
    await handle.stop(new CanceledError("over"));
    await host.stop?.();
  });

  Deno.test(`${name}: blocks say what they consumed, and what readers have of an index is left out`, async () => {
    const pairs = checkNode({
      op: "flatMap",
      inputs: [range(6)],
      fn: inlineFunction((x: number) => [x, x + 100, x + 200]),
    });
    const before = new ConsumedSet();
    before.addOffsets(0, 3, 3, 0, 2);
    const { host, handle } = started(serializeGraph(pairs), {
      definition: { policy: ShardingPolicy.DYNAMIC, tracksProvenance: true },
      dispatcher: {
        getSplit: ({ requestId }) =>
          Promise.resolve({
            splits: requestId === 1n
              ? [{ start: 2n, end: 5n, repetition: 3n, consumed: encodeConsumed(before) }]
              : [],
            endOfSplits: requestId !== 1n,
            sourceIsEmpty: false,
            currentRepetition: 0n,
          }) as never,
      },
    });
    const reader = new StreamReader(handle.openStream(REQUEST, never()));
    assertEquals(await reader.toEnd(), [2, 102, 202, 203, 4, 104, 204]);
    reader.consumed.unite(before);
    assertEquals(reader.consumed.sources(), [{
      source: 0,
      repetition: 3,
      ranges: [{ start: 2, end: 4 }],
      partial: [{ index: 4, offsets: [{ start: 0, end: 3 }] }], // Nothing came behind its end that could tell of it.
    }]);
    await handle.stop(new CanceledError("over"));
    await host.stop?.();
  });

  Deno.test(`${name}: the elements that a reader has are left out`, async () => {
    const graph = serializeGraph(mapped(range(6), (x) => {
      if (x < 4) throw new Error("This is not to be made again");
      return x;
    }));
    const { host, handle } = started(graph, { definition: { firstElement: 4 } });
    assertEquals(await new StreamReader(handle.openStream(REQUEST, never())).toEnd(), [4, 5]);
    await handle.stop(new CanceledError("over"));
    await host.stop?.();
  });
}
