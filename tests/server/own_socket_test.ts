import { assert, assertEquals, assertRejects } from "@std/assert";
import { Dataset, DispatchServer, distribute } from "../../mod.ts";
import { installEnvironment } from "../../src/dataset/mod.ts";
import { openOwnStream } from "../../src/platform/mod.ts";
import type { OpenStream } from "../../src/rpc/mod.ts";
import { type Program, startProgram } from "../support/programs.ts";

interface Service {
  readonly target: string;
  readonly worker: Program;
}

async function withService(test: (service: Service) => Promise<void>): Promise<void> {
  await using dispatcher = await DispatchServer.start();
  await using worker = await startProgram("worker.ts", [
    "--dispatcher-address",
    dispatcher.address,
    "--isolation",
    "none",
  ]);
  await test({ target: dispatcher.target, worker });
}

/** Reads a dataset of small and of large elements; gives the addresses that were opened. */
async function addressesOf(target: string, openStream: OpenStream): Promise<string[]> {
  const opened: string[] = [];
  using _ = installEnvironment({
    openStream: (address, request) => {
      opened.push(address);
      return openStream(address, request);
    },
  });
  const dataset = Dataset.range(300).map((x) => x % 3 === 0 ? new Float64Array(20_000).fill(x) : x).apply(
    distribute({ processingMode: "parallel_epochs", service: target, taskRefreshIntervalMs: 20 }),
  );
  let expected = 0;
  for await (const element of dataset) {
    if (expected % 3 !== 0) assertEquals(element, expected);
    else {
      const array = element as Float64Array;
      assert(array.length === 20_000 && array.every((value) => value === expected));
    }
    expected++;
  }
  assertEquals(expected, 300);
  return opened;
}

Deno.test("a worker on this host is read through its unix socket, which is gone when it has stopped", async () => {
  await withService(async ({ target, worker }) => {
    const opened = await addressesOf(target, openOwnStream);
    assertEquals(opened.length, 1);
    assert(opened[0].startsWith("unix:/"), opened[0]);
    const path = opened[0].slice("unix:".length);
    const directory = path.slice(0, path.lastIndexOf("/"));
    assertEquals((await Deno.stat(directory)).mode! & 0o777, 0o700);
    worker.kill("SIGTERM");
    await worker.status;
    await assertRejects(() => Deno.stat(directory), Deno.errors.NotFound);
  });
});

Deno.test("a socket that cannot be reached is left for the worker's address", async () => {
  await withService(async ({ target }) => {
    const opened = await addressesOf(target, (address, request) => {
      if (address.startsWith("unix:")) return Promise.reject(new Deno.errors.NotFound("No such file"));
      return openOwnStream(address, request);
    });
    assertEquals(opened.map((address) => address.split(":")[0]), ["unix", "localhost"]);
  });
});

Deno.test("a runtime without such connections reads the worker's address by fetch", async () => {
  await withService(async ({ target }) => {
    const streams: string[] = [];
    using _ = installEnvironment({
      openStream: undefined,
      fetch: (input, init) => {
        const url = input instanceof Request ? input.url : String(input);
        if (url.endsWith("/GetElements")) streams.push(new URL(url).hostname);
        return fetch(input, init);
      },
    });
    const dataset = Dataset.range(5).apply(
      distribute({ processingMode: "parallel_epochs", service: target, taskRefreshIntervalMs: 20 }),
    );
    assertEquals(await dataset.toArray(), [0, 1, 2, 3, 4]);
    assertEquals(streams, ["localhost"]);
  });
});
