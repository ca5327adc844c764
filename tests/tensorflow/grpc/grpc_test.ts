/** Client and server of unary gRPC against each other, over real sockets. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  CanceledError,
  DeadlineExceededError,
  InternalError,
  InvalidArgumentError,
  NotFoundError,
  ResourceExhaustedError,
  silentLog,
  SluiceError,
  systemClock,
  UnavailableError,
} from "../../../src/base/mod.ts";
import { DispatcherService } from "../../../src/gen/tensorflow/data/dispatcher_pb.ts";
import {
  connectGrpc,
  type GrpcClient,
  type GrpcHandler,
  type GrpcServer,
  methodPath,
  serveGrpc,
  unary,
} from "../../../src/tensorflow/grpc/mod.ts";

interface Pair {
  server: GrpcServer;
  client: GrpcClient;
  address: string;
}

function serve(methods: Record<string, GrpcHandler>, port = 0): Promise<GrpcServer> {
  return serveGrpc({
    hostname: "127.0.0.1",
    port,
    methods: new Map(Object.entries(methods)),
    clock: systemClock,
    log: silentLog,
    maxRequestBytes: 1_000_000,
  });
}

async function withPair(
  methods: Record<string, GrpcHandler>,
  body: (pair: Pair) => Promise<void>,
): Promise<void> {
  const server = await serve(methods);
  const address = `127.0.0.1:${server.port}`;
  const client = connectGrpc(address);
  try {
    await body({ server, client, address });
  } finally {
    client.close();
    await server.stop();
  }
}

const echo: GrpcHandler = (request) => request;

Deno.test("a reply that is to be committed leaves when it is, and not where that fails", async () => {
  const message = new Uint8Array([1, 2]);
  const slow = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  let commits = 0;
  await withPair({
    "/s/Now": () => ({ message, commit: () => void commits++ }),
    "/s/Slow": () => ({ message, commit: () => slow.promise }),
    "/s/Late": (_, { signal }) =>
      new Promise((resolve) => {
        entered.resolve();
        signal.onabort = () => {
          resolve({ message, commit: () => void commits++ });
          slow.resolve();
        };
      }),
    "/s/Throws": () => ({
      message,
      commit() {
        throw new UnavailableError("the disk is full");
      },
    }),
    "/s/Rejects": () => ({ message, commit: () => Promise.reject(new UnavailableError("the disk is full")) }),
  }, async ({ client }) => {
    assertEquals(new Uint8Array(await client.unary("/s/Now", message)), message);
    assertEquals(commits, 1);
    for (const path of ["/s/Throws", "/s/Rejects"]) {
      await assertRejects(() => client.unary(path, message), UnavailableError, "the disk is full");
    }
    const answered = client.unary("/s/Slow", message);
    const leaving = new AbortController();
    const left = client.unary("/s/Late", message, { signal: leaving.signal });
    await entered.promise;
    leaving.abort(new CanceledError("enough"));
    await assertRejects(() => left, CanceledError, "enough");
    assertEquals(new Uint8Array(await answered), message);
    // What nobody waits for any more is committed as well.
    assertEquals(commits, 2);
  });
});

Deno.test("a reply arrives as it was sent: empty, small, large, in pieces, late", async () => {
  await withPair({
    "/s/Echo": echo,
    "/s/Pieces": (request) => [request, new Uint8Array(), request],
    "/s/Late": async (request) => {
      await systemClock.sleep(1);
      return request;
    },
  }, async ({ client }) => {
    for (const length of [0, 1, 1_000, 999_999]) {
      const request = new Uint8Array(length).map((_, i) => i);
      assertEquals(new Uint8Array(await client.unary("/s/Echo", request)), request);
      assertEquals(new Uint8Array(await client.unary("/s/Late", request)), request);
      assertEquals(
        new Uint8Array(await client.unary("/s/Pieces", request)),
        new Uint8Array([...request, ...request]),
      );
    }
  });
});

Deno.test("many calls share one connection and do not mix", async () => {
  await withPair({ "/s/Echo": echo }, async ({ client }) => {
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, i) => client.unary("/s/Echo", new Uint8Array([i]))),
    );
    assertEquals(replies.map(([byte]) => byte), Array.from({ length: 200 }, (_, i) => i));
  });
});

Deno.test("errors keep their class and every character of their text", async () => {
  const text = 'not there: "ö" 100% \r\n 😀';
  await withPair({
    "/s/Throw": () => {
      throw new NotFoundError(text);
    },
    "/s/Reject": () => Promise.reject(new TypeError("a mistake")),
    "/s/Surrogate": () => {
      throw new InvalidArgumentError("half \ud800 a character");
    },
    "/s/Long": () => {
      throw new InvalidArgumentError("ä".repeat(1_000_000));
    },
  }, async ({ client }) => {
    const nothing = new Uint8Array();
    await assertRejects(() => client.unary("/s/Throw", nothing), NotFoundError, text);
    await assertRejects(() => client.unary("/s/Reject", nothing), InternalError, "a mistake");
    await assertRejects(
      () => client.unary("/s/Surrogate", nothing),
      InvalidArgumentError,
      "half \ufffd a character",
    );
    await assertRejects(() => client.unary("/s/Long", nothing), InvalidArgumentError, "äää");
    const unknown = await assertRejects(() => client.unary("/s/Other", nothing), SluiceError, "/s/Other");
    assertEquals(unknown.code, "unimplemented");
  });
});

Deno.test("a typed handler refuses bytes that are no such message", async () => {
  const { getSplit } = DispatcherService.method;
  await withPair({
    ...Object.fromEntries([unary(getSplit, ({ iterationId }) => ({ endOfSplits: iterationId === 7n }))]),
  }, async ({ client }) => {
    assertEquals([...await client.unary(methodPath(getSplit), new Uint8Array([8, 7]))], [16, 1]);
    assertEquals([...await client.unary(methodPath(getSplit), new Uint8Array([8, 6]))], []);
    for (const bytes of [[8], [10, 200, 1, 1], [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]]) {
      await assertRejects(
        () => client.unary(methodPath(getSplit), new Uint8Array(bytes)),
        InvalidArgumentError,
        "GetSplitRequest",
      );
    }
  });
});

Deno.test("a deadline ends the call on both sides", async () => {
  const ended = Promise.withResolvers<unknown>();
  await withPair({
    "/s/Hang": (_, { signal }) => {
      signal.addEventListener("abort", () => ended.resolve(signal.reason));
      return new Promise(() => {});
    },
  }, async ({ client }) => {
    await assertRejects(
      () => client.unary("/s/Hang", new Uint8Array(), { timeoutMs: 20 }),
      DeadlineExceededError,
    );
    assert(await ended.promise instanceof SluiceError);
  });
});

Deno.test("a caller that gives up gets its own reason, and the handler hears of it", async () => {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  await withPair({
    "/s/Hang": (_, { signal }) => {
      begun.resolve();
      signal.addEventListener("abort", () => ended.resolve());
      return new Promise(() => {});
    },
    "/s/Echo": echo,
  }, async ({ client }) => {
    const caller = new AbortController();
    const call = client.unary("/s/Hang", new Uint8Array(), { signal: caller.signal });
    await begun.promise;
    caller.abort(new RangeError("enough"));
    await assertRejects(() => call, RangeError, "enough");
    await ended.promise;
    assertEquals((await client.unary("/s/Echo", new Uint8Array(3))).length, 3);
  });
});

Deno.test("a stop answers hanging calls, and does not wait for their handlers", async () => {
  const begun = Promise.withResolvers<void>();
  const server = await serve({
    "/s/Hang": () => {
      begun.resolve();
      return new Promise(() => {});
    },
  });
  const client = connectGrpc(`127.0.0.1:${server.port}`);
  const call = client.unary("/s/Hang", new Uint8Array());
  const rejection = assertRejects(() => call, UnavailableError);
  await begun.promise;
  await Promise.all([server.stop(), server.stop()]);
  await rejection;
  await assertRejects(() => client.unary("/s/Hang", new Uint8Array()), UnavailableError, "Cannot reach");
  client.close();
});

Deno.test("a client connects again to a server that is back", async () => {
  const first = await serve({ "/s/Echo": echo });
  const client = connectGrpc(`127.0.0.1:${first.port}`);
  try {
    await client.unary("/s/Echo", new Uint8Array());
    await first.stop();
    const second = await serve({ "/s/Echo": echo }, first.port);
    try {
      assertEquals((await client.unary("/s/Echo", new Uint8Array(2))).length, 2);
    } finally {
      await second.stop();
    }
  } finally {
    client.close();
  }
});

Deno.test("a port that is taken is named", async () => {
  await withPair({}, async ({ server }) => {
    await assertRejects(() => serve({}, server.port), UnavailableError, String(server.port));
  });
});

Deno.test("requests and replies over the limit are refused", async () => {
  await withPair({ "/s/Echo": echo }, async ({ client, address }) => {
    await assertRejects(
      () => client.unary("/s/Echo", new Uint8Array(1_000_001)),
      ResourceExhaustedError,
      "limit",
    );
    assertEquals((await client.unary("/s/Echo", new Uint8Array(1))).length, 1);
    const small = connectGrpc(address, { maxReplyBytes: 10 });
    await assertRejects(() => small.unary("/s/Echo", new Uint8Array(11)), ResourceExhaustedError, "limit");
    assertEquals((await small.unary("/s/Echo", new Uint8Array(10))).length, 10);
    small.close();
  });
});

Deno.test("a closed client calls no more, and its calls end", async () => {
  const begun = Promise.withResolvers<void>();
  await withPair({
    "/s/Hang": () => {
      begun.resolve();
      return new Promise(() => {});
    },
  }, async ({ client }) => {
    const rejection = assertRejects(() => client.unary("/s/Hang", new Uint8Array()), CanceledError);
    await begun.promise;
    client.close();
    await rejection;
    await assertRejects(() => client.unary("/s/Hang", new Uint8Array()), CanceledError);
  });
});
