import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  CanceledError,
  FailedPreconditionError,
  InternalError,
  InvalidArgumentError,
  NotFoundError,
} from "../../src/base/mod.ts";
import { DONE, execute } from "../../src/executor/mod.ts";
import { checkNode } from "../../src/graph/mod.ts";
import { map } from "./operator_table.ts";
import { probe } from "./probe.ts";
import { SharedSplits } from "./split_supply.ts";
import { fn, fromArray, fromGenerator, range, run, runSync, testContext } from "./support.ts";

Deno.test("nothing is begun before the first pull", async () => {
  const { node, counts } = probe([1]);
  const iterator = execute(node, testContext());
  await iterator.close();
  assertEquals(counts.begun, 0);
  assertStrictEquals(iterator.next(), DONE);
});

Deno.test("an error of a user function names operator and element, and keeps its cause", () => {
  const cause = new TypeError("no number");
  const iterator = execute(
    map(range(3), (x: number) => {
      if (x === 1) throw cause;
      return x;
    }),
    testContext(),
  );
  assertEquals(iterator.next(), 0);
  const error = assertThrows(() => iterator.next(), InternalError, "Cannot map element 1: no number");
  assertStrictEquals(error.cause, cause);
  assertEquals(iterator.next(), 2);
  assertStrictEquals(iterator.next(), DONE);
});

Deno.test("a thrown value that is no error is told all the same", () => {
  const iterator = execute(
    map(range(1), () => {
      throw "bare words";
    }),
    testContext(),
  );
  assertThrows(() => iterator.next(), InternalError, "Cannot map element 0: bare words");
});

Deno.test("a result that is no element is refused with its kind and place", () => {
  const refused: [unknown, string][] = [
    [undefined, "Cannot map element 0: cannot use undefined as an element"],
    [() => {}, "Cannot map element 0: cannot use a function"],
    [Symbol("s"), "Cannot map element 0: cannot use a symbol"],
    [new Date(0), "Cannot map element 0: cannot use a Date as an element"],
    [[1, { name: undefined }], "at [1].name"],
  ];
  for (const [value, message] of refused) {
    const error = assertThrows(
      () => execute(map(range(1), () => value), testContext()).next(),
      InvalidArgumentError,
    );
    assert(error.message.toLowerCase().includes(message.toLowerCase()), error.message);
  }
});

Deno.test("a strange result is refused however late it comes", () => {
  const iterator = execute(map(range(200), (x: number) => x === 150 ? new Map() : { x }), testContext());
  for (let i = 0; i < 150; i++) assertEquals(iterator.next(), { x: i });
  assertThrows(() => iterator.next(), InvalidArgumentError, "Cannot map element 150");
});

Deno.test("user functions get captures, the builder and a signal, one context for each operator", () => {
  const contexts: { captures: unknown; signal: AbortSignal; Dataset: object }[] = [];
  const context = testContext();
  const node = checkNode({
    op: "map",
    inputs: [range(2)],
    fn: fn((x, given) => (contexts.push(given), x), { factor: 3 }),
    parallel: 1,
    deterministic: null,
  });
  const iterator = execute(node, context);
  while (iterator.next() !== DONE);
  const [first, second] = contexts;
  assertStrictEquals(first, second);
  assertEquals(first.captures, { factor: 3 });
  assertStrictEquals(first.Dataset, context.Dataset);
  assertEquals(first.signal.aborted, false);
  iterator.close();
  assertInstanceOf(first.signal.reason, CanceledError);
});

Deno.test("user functions are called without a this", () => {
  const seen: unknown[] = [];
  const node = map(range(1), function (this: unknown, x: number) {
    seen.push(this);
    return x;
  });
  runSync(checkNode({
    op: "filter",
    inputs: [node],
    fn: fn(function (this: unknown) {
      seen.push(this);
      return true;
    }),
  }));
  assertEquals(seen, [undefined, undefined]);
});

Deno.test("the signal of user functions has the reader's reason", async () => {
  const controller = new AbortController();
  const signals: AbortSignal[] = [];
  const node = map(
    range(1),
    (_: number, { signal }: { signal: AbortSignal }) => {
      signals.push(signal);
      return new Promise(() => {});
    },
  );
  const pulled = execute(node, testContext({ signal: controller.signal })).next();
  const reason = new Error("left");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => Promise.resolve(pulled)), reason);
  assertStrictEquals(signals[0].reason, reason);
});

Deno.test("an aborted reader gets its reason in every pull, before the first and after", () => {
  const reason = new Error("left");
  const iterator = execute(range(3), testContext({ signal: AbortSignal.abort(reason) }));
  assertStrictEquals(assertThrows(() => iterator.next()), reason);
  assertStrictEquals(assertThrows(() => iterator.next()), reason);

  const controller = new AbortController();
  const begun = execute(range(3), testContext({ signal: controller.signal }));
  assertEquals(begun.next(), 0);
  controller.abort(reason);
  assertStrictEquals(assertThrows(() => begun.next()), reason);
});

Deno.test("a pull that waits while the iterator is closed ends", async () => {
  const { node, counts } = probe([], "async", true);
  const iterator = execute(node, testContext());
  const waiting = iterator.next();
  await iterator.close();
  assertStrictEquals(await waiting, DONE);
  assertEquals(counts.closed, 1);
});

Deno.test("closing waits for the clean-up of an idle generator and passes its error on", async () => {
  const steps: string[] = [];
  const source = fromGenerator(async function* () {
    try {
      yield 1;
      yield 2;
    } finally {
      await Promise.resolve();
      steps.push("cleaned");
    }
  });
  const iterator = execute(source, testContext());
  await iterator.next();
  await iterator.close();
  assertEquals(steps, ["cleaned"]);

  const failing = execute(
    fromGenerator(function* () {
      try {
        yield 1;
      } finally {
        // deno-lint-ignore no-unsafe-finally -- a clean-up that fails is what is tested
        throw new Error("stuck");
      }
    }),
    testContext(),
  );
  await failing.next();
  await assertRejects(async () => await failing.close(), InternalError, "stuck");
});

Deno.test("modules load at the first pull; a function that is missing fails every pull", async () => {
  const found = checkNode({
    op: "map",
    inputs: [range(2)],
    fn: {
      kind: "module",
      url: "data:text/javascript,export const double = (x) => 2 * x",
      exportName: "double",
      captures: null,
      hash: null,
    },
    parallel: 1,
    deterministic: null,
  });
  assertEquals(await run(found), [0, 2]);

  const missing = checkNode({ ...found, fn: { ...found.fn, exportName: "triple" } });
  const iterator = execute(
    checkNode({ op: "ignoreErrors", inputs: [missing], log: false }),
    testContext(),
  );
  await assertRejects(async () => await iterator.next(), NotFoundError, "triple");
  await assertRejects(async () => await iterator.next(), NotFoundError, "triple");
  await iterator.close();
  assertStrictEquals(iterator.next(), DONE);
});

Deno.test("closing while a module loads opens nothing", async () => {
  const { node, counts } = probe([1]);
  const loading = Promise.withResolvers<(x: number) => number>();
  const iterator = execute(
    map(node, (x: number) => x),
    testContext({
      functions: { resolve: (ref) => ref.kind === "inline" && ref.live ? loading.promise : () => [] },
    }),
  );
  const waiting = iterator.next();
  const closing = iterator.close();
  loading.resolve((x) => x);
  await closing;
  assertStrictEquals(await waiting, DONE);
  assertEquals(counts.begun, 0);
});

Deno.test("when several functions fail to load nothing is left unhandled", async () => {
  const root = map(map(range(1), () => 0), () => 0);
  let calls = 0;
  const resolve = () => {
    if (calls++ === 0) return Promise.reject(new NotFoundError("Cannot load the first"));
    throw new NotFoundError("Cannot load the second");
  };
  await assertRejects(() => run(root, { functions: { resolve } }), NotFoundError, "Cannot load the ");
});

Deno.test("a shard hint that nobody filled in fails at the start", () => {
  const node = checkNode({ op: "shard", inputs: [range(4)], num: -1, index: -1 });
  assertThrows(() => execute(node, testContext()).next(), FailedPreconditionError, "ShardingPolicy.HINT");
});

Deno.test("a data service is read by the reader that the execution was given", async () => {
  const node = checkNode({
    op: "dataService",
    inputs: [range(2)],
    options: {
      service: "http://localhost:5050",
      shardingPolicy: 0,
      datasetId: null,
      jobName: null,
      consumerIndex: null,
      numConsumers: null,
      maxOutstandingRequests: null,
      compression: "AUTO",
      trainerId: null,
      targetWorkers: "AUTO",
      taskRefreshIntervalMs: 1_000,
      dispatcherTimeoutMs: 300_000,
      exactlyOnce: false,
    },
  });
  let closed = 0;
  const elements = await run(checkNode({ op: "repeat", inputs: [node], count: 2 }), {
    splits: new SharedSplits([]).supply({ empty: true }),
    dataService: (read, { splits }) => {
      assertStrictEquals(read, node);
      assertEquals(splits, undefined);
      const left = [7, 8];
      return { next: () => Promise.resolve(left.shift() ?? DONE), close: () => void closed++, position: 0 };
    },
  });
  assertEquals(elements, [7, 8, 7, 8]);
  assertEquals(closed >= 2, true);
});

Deno.test("a pipeline of 500 operators runs", () => {
  let node = fromArray([1, 2, 3]);
  for (let i = 0; i < 500; i++) node = map(node, (x: number) => x + 1);
  assertEquals(runSync(node), [501, 502, 503]);
});

Deno.test("closing does not wait for a generator that never goes on", async () => {
  const iterator = execute(
    fromGenerator(async function* () {
      yield await new Promise<number>(() => {});
    }),
    testContext(),
  );
  const waiting = iterator.next();
  await iterator.close();
  assertStrictEquals(await waiting, DONE);
});
