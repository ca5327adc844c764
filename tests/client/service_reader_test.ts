import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { InternalError, isPromise, NotFoundError, UnavailableError } from "../../src/base/mod.ts";
import { DONE } from "../../src/executor/mod.ts";
import { fakeService, passTime, readAll, serviceNode, settle } from "./support/fixture.ts";

Deno.test("a reader gives the blocks of all workers in turn, releases its client, and is done", async () => {
  const service = fakeService([[1, 2], [3]], [[10], [20, 30]]);
  const { dispatcher, open, workers } = service;
  const reader = open(serviceNode());
  assertEquals(await readAll(reader), [1, 2, 10, 3, 20, 30]);
  assertEquals(dispatcher.released, [3000n]);
  assertEquals(workers.map((worker) => worker.taken), [2, 2]);
  assertEquals(workers.map((worker) => worker.isReleased), [false, false]);
  assertEquals(await reader.next(), DONE);
  await reader.close();
  assertEquals(dispatcher.released, [3000n], "once");
});

Deno.test("nothing is sent before the first pull", async () => {
  const service = fakeService([[1]]);
  const reader = service.open(serviceNode());
  await settle(service);
  assertEquals(service.network.requests, []);
  await reader.close();
  assertEquals(service.network.requests, []);
});

Deno.test("within a block, and from one block in hand to the next, elements come without a promise", async () => {
  const service = fakeService([[1, 2, 3], [4]]);
  const reader = service.open(serviceNode());
  assertEquals(await reader.next(), 1);
  await settle(service);
  for (const expected of [2, 3, 4]) {
    const pulled = reader.next();
    assert(!isPromise(pulled));
    assertEquals(pulled, expected);
  }
  assertEquals(await reader.next(), DONE);
});

Deno.test("when the program has the last element, the worker and the dispatcher learn it without another pull", async () => {
  const service = fakeService([[1, 2]]);
  const reader = service.open(serviceNode());
  await reader.next();
  await reader.next();
  await settle(service);
  assertEquals(service.workers[0].completed, true);
  assertEquals(service.dispatcher.released, [3000n]);
  assertEquals(await reader.next(), DONE);
});

Deno.test("a reader of one outstanding block never gives the worker room for a second one that it has not begun", async () => {
  const service = fakeService([[1], [2], [3], [4]]);
  const [worker] = service.workers;
  const reader = service.open(serviceNode({ maxOutstandingRequests: 1 }));
  for (const expected of [1, 2, 3, 4]) {
    assertEquals(await reader.next(), expected);
    await settle(service);
    assert(worker.limit <= expected + 1, `limit ${worker.limit} with ${expected} blocks begun`);
  }
  assertEquals(await reader.next(), DONE);
  assertEquals(worker.opened[0].limit, 1);
});

Deno.test("a broken stream goes on in its session, and no element is lost or doubled", async () => {
  const service = fakeService([[1], [2], [3], [4]]);
  const [worker] = service.workers;
  worker.breakAfter = 2;
  assertEquals(await passTime(service, readAll(service.open(serviceNode()))), [1, 2, 3, 4]);
  assertEquals(worker.opened.map(({ session, next }) => ({ session, next })), [
    { session: "", next: 0 },
    { session: "session-1", next: 2 },
  ]);
});

Deno.test("a worker that has restarted is read from the start of its new session", async () => {
  const service = fakeService([[1], [2], [3]]);
  const [worker] = service.workers;
  const reader = service.open(serviceNode());
  worker.breakAfter = 2;
  assertEquals([await reader.next(), await reader.next()], [1, 2]);
  worker.session = "session-2";
  worker.taken = 0;
  assertEquals(await passTime(service, readAll(reader)), [1, 2, 3]);
  assertEquals(worker.taken, 3);
});

Deno.test("a worker that refuses connections, and one that hangs, do not hold up the others", async () => {
  const service = fakeService([[1], [2]], [[10]], [[20]]);
  const { network, workers } = service;
  network.set(workers[1].address, "refusing");
  network.set(workers[2].address, "hanging");
  const reader = service.open(serviceNode());
  assertEquals([await reader.next(), await reader.next()], [1, 2]);
  const rest = readAll(reader);
  await service.clock.advance(5_000);
  network.set(workers[1].address, "up");
  await service.clock.advance(5_000);
  assertEquals(workers[1].taken, 1, "it is read as soon as it is there");
  workers[2].taken = 1; // The dispatcher takes the third for lost, and its task for finished.
  service.dispatcher.iterationFinished = true;
  assertEquals(await passTime(service, rest), [10]);
});

Deno.test("heartbeats come every taskRefreshIntervalMs, and bring new tasks", async () => {
  const service = fakeService([[1]], [[2]]);
  const { dispatcher, clock, workers } = service;
  workers[0].hasEnd = false;
  const [second] = dispatcher.workers.splice(1);
  const reader = service.open(serviceNode({ taskRefreshIntervalMs: 100 }));
  assertEquals(await reader.next(), 1);
  await clock.advance(350);
  assertEquals(dispatcher.heartbeats.length, 3);
  dispatcher.workers.push(second);
  assertEquals(await passTime(service, Promise.resolve(reader.next())), 2);
  assertEquals(dispatcher.heartbeats.length, 4);
  await passTime(service, Promise.resolve(reader.close()));
});

Deno.test("without workers a reader waits for the first one", async () => {
  const service = fakeService([[1]]);
  const [worker] = service.dispatcher.workers.splice(0);
  const all = readAll(service.open(serviceNode()));
  await service.clock.advance(10_000);
  service.dispatcher.workers.push(worker);
  assertEquals(await passTime(service, all), [1]);
});

Deno.test("while the dispatcher is away reading goes on, with a warning, and ends when it is back", async () => {
  const service = fakeService([[1], [2], [3]]);
  const { network, clock, log } = service;
  const reader = service.open(serviceNode({ dispatcherTimeoutMs: 15_000 }));
  assertEquals(await reader.next(), 1);
  network.set("dispatcher:5050", "refusing");
  await clock.advance(30_000);
  assertEquals([await reader.next(), await reader.next()], [2, 3], "nobody needs the dispatcher so far");
  assertEquals(log.warnings.length, 1);
  assertStringIncludes(log.warnings[0].message, "http://dispatcher:5050");
  const end = reader.next();
  await clock.advance(14_000);
  network.set("dispatcher:5050", "up");
  assertEquals(await passTime(service, Promise.resolve(end)), DONE);
});

for (const state of ["refusing", "hanging"] as const) {
  Deno.test(`a ${state} dispatcher that the reader needs is given dispatcherTimeoutMs`, async () => {
    const service = fakeService([[1]]);
    const { network, clock } = service;
    const reader = service.open(serviceNode({ dispatcherTimeoutMs: 12_000 }));
    assertEquals(await reader.next(), 1);
    network.set("dispatcher:5050", state);
    const end = Promise.resolve(reader.next());
    let isOver = false;
    end.catch(() => isOver = true);
    await clock.advance(11_000);
    assertEquals(isOver, false);
    const error = await assertRejects(() => passTime(service, end, 12_000), UnavailableError, "12000 ms");
    assertStringIncludes(error.message, "http://dispatcher:5050");
    assertEquals(await reader.next(), DONE);
  });
}

Deno.test("a heartbeat that is refused ends the reader with that error, whatever is waiting", async () => {
  const service = fakeService([[1], [2], [3]]);
  const reader = service.open(serviceNode());
  assertEquals(await reader.next(), 1);
  service.dispatcher.heartbeatError = new NotFoundError("Unknown iteration client id 3000");
  await service.clock.advance(1_000);
  await assertRejects(async () => await reader.next(), NotFoundError, "Unknown iteration client id 3000");
  assertEquals(await reader.next(), DONE);
});

Deno.test("an error of the pipeline comes after the elements before it; then the reader is over and has left", async () => {
  const service = fakeService([[1], [2]]);
  service.workers[0].error = new InternalError("Cannot map element 2: no");
  const reader = service.open(serviceNode());
  assertEquals([await reader.next(), await reader.next()], [1, 2]);
  await assertRejects(async () => await reader.next(), InternalError, "Cannot map element 2: no");
  assertEquals(service.dispatcher.released, [3000n]);
  assertEquals(service.workers[0].isReleased, true);
  assertEquals(await reader.next(), DONE);
});

Deno.test("an acknowledgement that fails is repeated, and the reader does not end before it is answered", async () => {
  const service = fakeService([[1]]);
  service.workers[0].refuseAcknowledgements = 3;
  assertEquals(await passTime(service, readAll(service.open(serviceNode()))), [1]);
  assertEquals(service.workers[0].acknowledgements.map(({ taken }) => taken), [1]);
});

Deno.test("a reader that leaves early gives back its sessions and its client, and closes its streams", async () => {
  const service = fakeService([[1, 2], [3]], [[10], [20]]);
  const { workers, dispatcher } = service;
  for (const worker of workers) worker.hasEnd = false;
  const reader = service.open(serviceNode());
  assertEquals([await reader.next(), await reader.next(), await reader.next()], [1, 2, 10]);
  await reader.close();
  await reader.close();
  assertEquals(dispatcher.released, [3000n]);
  assertEquals(workers.map(({ acknowledgements }) => acknowledgements.at(-1)), [
    { session: "session-1", taken: 1, limit: 4, release: true },
    { session: "session-1", taken: 1, limit: 4, release: true },
  ]);
  await settle(service);
  assertEquals(workers.map(({ streams }) => streams), [0, 0]);
  assertEquals(service.clock.pending, 0, "no timer is left");
});

Deno.test("a session whose name is on its way when the reader leaves is released too", async () => {
  const service = fakeService([[1]], [[2]]);
  const reader = service.open(serviceNode());
  assertEquals(await reader.next(), 1);
  const slow = Promise.withResolvers<void>();
  const late = fakeService([[1]]);
  late.workers[0].hasEnd = false;
  const { handler } = late.workers[0];
  late.network.add(
    "worker-0:1",
    (request) =>
      request.url.endsWith("/GetElements") ? slow.promise.then(() => handler(request)!) : handler(request),
  );
  const second = late.open(serviceNode());
  const pulled = second.next();
  await settle(late);
  const closed = second.close();
  await settle(late);
  slow.resolve();
  await closed;
  assertEquals(await pulled, DONE);
  assertEquals(late.workers[0].isReleased, true);
  await reader.close();
});

Deno.test("leaving takes a second at most, whoever does not answer, and never throws", async () => {
  const service = fakeService([[1], [2]]);
  const { network, clock } = service;
  service.workers[0].hasEnd = false;
  const reader = service.open(serviceNode());
  assertEquals(await reader.next(), 1);
  network.set("dispatcher:5050", "hanging");
  network.set("worker-0:1", "hanging");
  const before = clock.now();
  await passTime(service, Promise.resolve(reader.close()), 2_000);
  assert(clock.now() - before <= 1_100);
  assertEquals(clock.pending, 0);
});

Deno.test("a pull that waits when the reader is closed is done", async () => {
  const service = fakeService([[1]]);
  service.workers[0].hasEnd = false;
  const reader = service.open(serviceNode());
  assertEquals(await reader.next(), 1);
  const pulled = reader.next();
  await settle(service);
  await reader.close();
  assertEquals(await pulled, DONE);
});

Deno.test("an aborted signal ends a pull that waits at once, with its reason, and the reader leaves", async () => {
  const service = fakeService([[1]]);
  service.workers[0].hasEnd = false;
  const controller = new AbortController();
  const reader = service.open(serviceNode(), { signal: controller.signal });
  assertEquals(await reader.next(), 1);
  service.network.set("dispatcher:5050", "hanging");
  const reason = new Error("the program has enough");
  const pulled = Promise.resolve(reader.next());
  controller.abort(reason);
  assertEquals(await pulled.catch((error) => error), reason);
  assertEquals(await passTime(service, Promise.resolve(reader.next())), DONE);
  assertEquals(service.workers[0].isReleased, true);
});

Deno.test("a signal that is aborted before the first pull sends nothing", async () => {
  const service = fakeService([[1]]);
  const reason = new Error("never mind");
  const reader = service.open(serviceNode(), { signal: AbortSignal.abort(reason) });
  assertEquals(await Promise.resolve(reader.next()).catch((error) => error), reason);
  assertEquals(service.network.requests, []);
});

Deno.test("a client whose reader left while it was being made is released", async () => {
  const service = fakeService([[1]]);
  const { network, dispatcher } = service;
  const slow = Promise.withResolvers<void>();
  network.add(
    "dispatcher:5050",
    (request) =>
      request.url.endsWith("/GetOrCreateIteration")
        ? slow.promise.then(() => dispatcher.handler(request)!)
        : dispatcher.handler(request),
  );
  const controller = new AbortController();
  const reader = service.open(serviceNode(), { signal: controller.signal });
  const reason = new Error("enough");
  const pulled = Promise.resolve(reader.next());
  await settle(service);
  controller.abort(reason);
  assertEquals(await pulled.catch((error) => error), reason, "it does not wait for the answer");
  const closed = reader.close();
  slow.resolve();
  await closed;
  assertEquals(dispatcher.released, [3000n]);
  assertEquals(service.workers[0].opened, []);
});

Deno.test("whenever a reader is closed while its client is being made, the client is released", async () => {
  for (let turns = 0; turns < 60; turns++) {
    const service = fakeService([[1]]);
    const { dispatcher, network } = service;
    const reader = service.open(serviceNode());
    const closed = Promise.withResolvers<void>();
    network.add("dispatcher:5050", async (request) => {
      const response = (await dispatcher.handler(request))!;
      if (request.url.endsWith("/GetOrCreateIteration")) {
        (async () => {
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          closed.resolve(reader.close());
        })();
      }
      return response;
    });
    const pulled = reader.next();
    await closed.promise;
    await pulled;
    assertEquals(dispatcher.iterations.length, 1);
    assertEquals(dispatcher.released, [3000n], `closed ${turns} turns after the answer`);
    assertEquals(service.clock.pending, 0);
  }
});

Deno.test("a worker that takes connections and says nothing is given up after 30 seconds, and tried again", async () => {
  const service = fakeService([[1, 2]]);
  const { network } = service;
  network.set("worker-0:1", "hanging");
  const reader = service.open(serviceNode());
  const all = readAll(reader);
  await settle(service);
  assertEquals(network.count("GetElements"), 1);
  network.set("worker-0:1", "up");
  await service.clock.advance(29_000);
  assertEquals(network.count("GetElements"), 1);
  assertEquals(await passTime(service, all), [1, 2]);
  assertEquals(network.count("GetElements"), 2);
});

Deno.test("a worker that has named the session may take its time with a block", async () => {
  const service = fakeService([[1]]);
  const [worker] = service.workers;
  worker.hasEnd = false;
  const all = readAll(service.open(serviceNode()));
  await service.clock.advance(120_000);
  assertEquals(service.network.count("GetElements"), 1);
  worker.hasEnd = true;
  worker.wake();
  assertEquals(await passTime(service, all), [1]);
});
