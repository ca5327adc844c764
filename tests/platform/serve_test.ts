import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { deferred, silentLog, UnavailableError } from "../../src/base/mod.ts";
import { type HttpServer, listen } from "../../src/platform/serve.ts";

const serve = (handler: () => Response | Promise<Response>): HttpServer =>
  listen({ hostname: "127.0.0.1", port: 0, log: silentLog, handler });

const never = () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) }));

const get = (server: HttpServer) => fetch(`http://127.0.0.1:${server.port}/`);

Deno.test("a server without requests stops at once, and refuses whoever comes", async () => {
  const server = serve(() => new Response("here"));
  assertEquals(await (await get(server)).text(), "here");
  await server.stop(60_000);
  await server.stop(0);
  await assertRejects(() => get(server), TypeError);
});

Deno.test("stopping cuts off streams that never end, with and without patience", async () => {
  for (const graceMs of [0, 1, 20]) {
    const server = serve(never);
    const { body } = await get(server);
    const reading = assertRejects(() => body!.getReader().read(), TypeError);
    await server.stop(graceMs);
    await reading;
  }
});

Deno.test("a response under way is waited for, and others are turned away meanwhile", async () => {
  const asked = deferred<void>();
  const answer = deferred<Response>();
  const server = serve(() => {
    asked.resolve();
    return answer.promise;
  });
  const first = get(server);
  await asked.promise;
  const stopped = server.stop(60_000);
  const second = await get(server);
  assertEquals([second.status, await second.text()], [503, "Stopping\n"]);
  answer.resolve(new Response("done"));
  assertEquals(await (await first).text(), "done");
  await stopped;
});

Deno.test("an address that is taken is named", async () => {
  const server = serve(never);
  const { port } = server;
  const error = assertThrows(
    () => listen({ hostname: "127.0.0.1", port, log: silentLog, handler: never }),
    UnavailableError,
  );
  assert(error.message.includes(`127.0.0.1:${port}: the port is in use`));
  await server.stop(0);
});
