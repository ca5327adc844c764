import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type ByteConnection, HttpBody } from "../../src/platform/http_body.ts";

/** A connection on which `bytes` come in pieces of at most the given sizes, in turn; then it ends. */
class FakeConnection implements ByteConnection {
  closed = 0;
  #at = 0;
  #reads = 0;

  constructor(readonly bytes: Uint8Array, readonly sizes: readonly number[] = [1 << 20]) {}

  read(target: Uint8Array): Promise<number | null> {
    const most = Math.min(target.length, this.sizes[this.#reads++ % this.sizes.length]);
    const piece = this.bytes.subarray(this.#at, this.#at + most);
    if (piece.length === 0) return Promise.resolve(null);
    target.set(piece);
    this.#at += piece.length;
    return Promise.resolve(piece.length);
  }

  close(): void {
    this.closed++;
  }
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

function join(...pieces: Uint8Array[]): Uint8Array {
  return new Uint8Array(pieces.flatMap((piece) => [...piece]));
}

const CHUNKED = "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n";

function chunked(chunks: readonly Uint8Array[]): Uint8Array {
  const framed = chunks.flatMap((chunk) => [
    bytesOf(`${chunk.length.toString(16)}\r\n`),
    chunk,
    bytesOf("\r\n"),
  ]);
  return join(bytesOf(CHUNKED), ...framed, bytesOf("0\r\n\r\n"));
}

/** Bytes that differ from place to place, so that none can be mixed up. */
function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8) + seed) & 0xff);
}

Deno.test("whatever the chunks, the pieces that come and the lengths that are asked for, the bytes are the body's", async () => {
  const size = fc.oneof(fc.nat(20), fc.constantFrom(32_768, 40_000, 65_536, 70_001));
  await fc.assert(
    fc.asyncProperty(
      fc.array(size.filter((n) => n > 0), { maxLength: 6 }),
      fc.array(fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 100_000 })), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.array(size, { minLength: 1, maxLength: 8 }),
      async (sizes, pieces, lengths) => {
        const chunks = sizes.map((length, i) => pattern(length, i));
        const whole = join(...chunks);
        const body = new HttpBody(new FakeConnection(chunked(chunks), pieces));
        await body.readHead();
        let at = 0;
        for (const length of lengths) {
          const expected = whole.subarray(at, at + length);
          const read = await body.read(length, 5);
          if (length > 0 && expected.length === 0) assertEquals(read, null);
          else {
            assertEquals(read?.byteOffset, 5);
            assertEquals(read!.length === expected.length && read!.every((b, i) => b === expected[i]), true);
          }
          at += expected.length;
        }
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("the head tells status and content type, whatever came before it", async () => {
  const bytes = bytesOf(
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length: 3\r\n\r\nabcdef",
  );
  const body = new HttpBody(new FakeConnection(bytes, [1]));
  assertEquals(await body.readHead(), {
    status: 404,
    contentType: "",
    location: null,
    chunked: false,
    length: 3,
  });
  assertEquals([...(await body.read(9))!], [...bytesOf("abc")]);
});

Deno.test("a body without a length goes on to the end of the connection", async () => {
  const body = new HttpBody(new FakeConnection(join(bytesOf("HTTP/1.0 200 OK\r\n\r\n"), pattern(80_000))));
  await body.readHead();
  assertEquals((await body.read(100_000))?.length, 80_000);
  assertEquals(await body.read(1), null);
});

Deno.test("a body that is cut off gives what came, wherever it is cut", async () => {
  const whole = chunked([pattern(10), pattern(40_000)]);
  for (const cut of [CHUNKED.length, CHUNKED.length + 1, CHUNKED.length + 8, whole.length - 8, 20_000]) {
    const body = new HttpBody(new FakeConnection(whole.subarray(0, cut)));
    await body.readHead();
    const read = await body.read(50_000);
    assertEquals((read?.length ?? 0) < 40_010, true, `cut at ${cut}`);
  }
});

for (
  const [what, text] of [
    ["no HTTP", "SSH-2.0-OpenSSH\r\n\r\n"],
    ["a body in an encoding that nobody asked for", "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n"],
    ["a length that is none", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"],
    ["a head without an end", "HTTP/1.1 200 OK\r\n" + "a: b\r\n".repeat(10_000)],
    ["nothing", ""],
  ]
) {
  Deno.test(`${what} is refused`, async () => {
    await assertRejects(() => new HttpBody(new FakeConnection(bytesOf(text))).readHead(), TypeError);
  });
}

Deno.test("chunks that are damaged are refused", async () => {
  for (const text of ["xyz\r\nabc\r\n", "3\r\nabcdef\r\n", "-3\r\nabc\r\n", "3" + "0".repeat(5_000)]) {
    for (const length of [10, 40_000]) {
      const body = new HttpBody(new FakeConnection(bytesOf(CHUNKED + text)));
      await body.readHead();
      await assertRejects(() => body.read(length), TypeError);
    }
  }
});

Deno.test("cancelling closes the connection once", async () => {
  const connection = new FakeConnection(chunked([]));
  const body = new HttpBody(connection);
  await body.cancel();
  await body.cancel();
  assertEquals(connection.closed, 1);
});
