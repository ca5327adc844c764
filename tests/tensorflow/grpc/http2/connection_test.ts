import { connect } from "node:http2";
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { silentLog, SluiceError, systemClock } from "../../../../src/base/mod.ts";
import { Connection } from "../../../../src/tensorflow/grpc/http2/connection.ts";
import {
  ErrorCode,
  frameOf,
  FrameType,
  HEADER_BYTES,
  words,
} from "../../../../src/tensorflow/grpc/http2/frames.ts";
import { writeHeaders } from "../../../../src/tensorflow/grpc/http2/hpack.ts";
import { connectGrpc, serveGrpc } from "../../../../src/tensorflow/grpc/mod.ts";

const PREFACE = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const POST = writeHeaders([[":method", "POST"], [":path", "/s/Echo"]]);

interface Written {
  type: number;
  flags: number;
  stream: number;
  content: Uint8Array;
}

/** A connection on a wire of memory, whose requests are answered with a byte when they are whole. */
function onMemory(body: Uint8Array = new Uint8Array([7])) {
  const bytes: number[] = [];
  const state = { isClosed: false, gone: 0, requests: 0 };
  const close = () => {
    state.isClosed = true;
  };
  const connection = new Connection({
    write(chunk) {
      bytes.push(...chunk);
      return true;
    },
    gather: () => {},
    flush: () => {},
    end: close,
    destroy: close,
    waiting: 0,
  }, (stream) => {
    state.requests++;
    return {
      data: () => {},
      end: () =>
        stream.prepare(writeHeaders([[":status", "200"]]), [body], writeHeaders([["grpc-status", "0"]]))(),
      gone: () => state.gone++,
    };
  });
  const written = (): Written[] => {
    const frames: Written[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
      const end = at + HEADER_BYTES + length;
      frames.push({
        type: bytes[at + 3],
        flags: bytes[at + 4],
        stream: bytes[at + 8],
        content: new Uint8Array(bytes.slice(at + HEADER_BYTES, end)),
      });
      at = end;
    }
    bytes.length = 0;
    return frames;
  };
  return { connection, state, written };
}

/** The reason of the end that the connection announced, if it did. */
function goAway(frames: Written[]): number | undefined {
  const frame = frames.find(({ type }) => type === FrameType.GOAWAY);
  return frame && new DataView(frame.content.buffer).getUint32(4);
}

Deno.test("a request is answered however its bytes are cut", () => {
  const request = [
    ...PREFACE,
    ...frameOf(FrameType.SETTINGS, 0, 0, new Uint8Array()),
    ...frameOf(FrameType.HEADERS, 4, 1, POST),
    ...frameOf(FrameType.DATA, 1, 1, new Uint8Array(20)),
  ];
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 20 }), (sizes) => {
    const { connection, written } = onMemory();
    let at = 0;
    for (const size of [...sizes, request.length]) {
      connection.receive(new Uint8Array(request.slice(at, at + size)));
      at += size;
    }
    const frames = written().filter(({ stream }) => stream === 1);
    assertEquals(frames.map(({ type, flags }) => [type, flags]), [[1, 4], [0, 0], [1, 5]]);
    assertEquals([...frames[1].content], [7]);
  }));
});

/** A connection whose requests are answered when the test says so, on a wire that tells what left together. */
function answeredByHand() {
  const left: Uint8Array[][] = [];
  const answers: ((length: number, urgent?: boolean) => void)[] = [];
  let gathered: Uint8Array[] | null = null;
  const wire = {
    write(chunk: Uint8Array) {
      if (gathered) gathered.push(chunk);
      else left.push([chunk]);
      return true;
    },
    gather: () => void (gathered ??= []),
    flush() {
      if (gathered?.length) left.push(gathered);
      gathered = null;
    },
    end: () => {},
    destroy: () => {},
    waiting: 0,
  };
  const connection = new Connection(wire, (stream) => {
    answers.push((length, urgent) => {
      const trailers = writeHeaders([["grpc-status", "0"]]);
      stream.prepare(writeHeaders([[":status", "200"]]), [new Uint8Array(length)], trailers, urgent)();
    });
    return { data: () => {}, end: () => {}, gone: () => {} };
  });
  connection.receive(PREFACE);
  const ask = (stream: number) => connection.receive(frameOf(FrameType.HEADERS, 5, stream, POST));
  /** The streams of what left, write by write. */
  const writes = () => left.splice(0).map((chunks) => chunks.map((chunk) => chunk[8]));
  return { ask, answers, wire, writes };
}

Deno.test("small answers to those who wait at the same time leave together", () => {
  const { ask, answers, wire, writes } = answeredByHand();
  for (const stream of [1, 3, 5, 7]) ask(stream);
  writes();
  answers[0](1);
  answers[1](1);
  assertEquals(writes(), []);
  wire.flush(); // As the wire does by itself when nobody else gets on.
  assertEquals(writes(), [[1, 3]]);
  answers[2](1);
  answers[3](1); // The last one need not wait for anybody.
  assertEquals(writes(), [[5, 7]]);
});

Deno.test("the only answer, an urgent one and a large one leave at once, behind those before them", () => {
  const { ask, answers, writes } = answeredByHand();
  ask(1);
  writes();
  answers[0](1);
  assertEquals(writes(), [[1]]);
  for (const stream of [3, 5, 7, 9, 11]) ask(stream);
  answers[1](1);
  answers[2](1, true);
  assertEquals(writes(), [[3, 5]]);
  answers[3](1);
  answers[4](10_000);
  assertEquals(writes(), [[7, 9]]);
});

Deno.test("a response waits for the windows that the peer grants", () => {
  const { connection, written } = onMemory(new Uint8Array(100_000));
  const receive = (frame: Uint8Array) => connection.receive(frame);
  receive(PREFACE);
  receive(frameOf(FrameType.SETTINGS, 0, 0, new Uint8Array([0, 4, 0, 0, 0, 10])));
  receive(frameOf(FrameType.HEADERS, 5, 1, POST));
  const sent = () =>
    written().filter(({ type }) => type === FrameType.DATA).map(({ content }) => content.length);
  assertEquals(sent(), [10]);
  receive(frameOf(FrameType.WINDOW_UPDATE, 0, 1, words(40_000)));
  assertEquals(sent(), [16_384, 16_384, 7_232]);
  receive(frameOf(FrameType.WINDOW_UPDATE, 0, 1, words(100_000)));
  assertEquals(sent().reduce((sum, length) => sum + length, 0), 65_535 - 40_010);
  receive(frameOf(FrameType.WINDOW_UPDATE, 0, 0, words(100_000)));
  const rest = written();
  assertEquals(rest.at(-1)!.flags, 5);
  assertEquals(
    rest.filter(({ type }) => type === 0).reduce((sum, { content }) => sum + content.length, 0),
    34_465,
  );
});

Deno.test("what breaks the protocol ends the connection with a reason", () => {
  const cases: [string, Uint8Array[], number][] = [
    ["an even stream", [frameOf(FrameType.HEADERS, 5, 2, POST)], ErrorCode.PROTOCOL_ERROR],
    ["data of no stream", [frameOf(FrameType.DATA, 0, 1, new Uint8Array(1))], ErrorCode.PROTOCOL_ERROR],
    ["a frame that is too long", [new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 1])], ErrorCode.FRAME_SIZE_ERROR],
    [
      "a damaged header block",
      [frameOf(FrameType.HEADERS, 5, 1, new Uint8Array([0x80]))],
      ErrorCode.COMPRESSION_ERROR,
    ],
    [
      "a window that grows by nothing",
      [frameOf(FrameType.WINDOW_UPDATE, 0, 0, words(0))],
      ErrorCode.PROTOCOL_ERROR,
    ],
    [
      "a window over the limit",
      [frameOf(FrameType.WINDOW_UPDATE, 0, 0, words(0x7fff_ffff))],
      ErrorCode.FLOW_CONTROL_ERROR,
    ],
    ["an interrupted block", [
      frameOf(FrameType.HEADERS, 1, 1, POST),
      frameOf(FrameType.PING, 0, 0, new Uint8Array(8)),
    ], ErrorCode.PROTOCOL_ERROR],
    ["an endless block", [
      frameOf(FrameType.HEADERS, 1, 1, POST),
      ...Array.from({ length: 70 }, () => frameOf(FrameType.CONTINUATION, 0, 1, new Uint8Array())),
    ], ErrorCode.ENHANCE_YOUR_CALM],
    ["padding beyond the frame", [
      frameOf(FrameType.HEADERS, 4, 1, POST),
      frameOf(FrameType.DATA, 8, 1, new Uint8Array([9])),
    ], ErrorCode.PROTOCOL_ERROR],
  ];
  for (const [what, frames, reason] of cases) {
    const { connection, state, written } = onMemory();
    connection.receive(PREFACE);
    for (const frame of frames) connection.receive(frame);
    assertEquals(goAway(written()), reason, what);
    assert(state.isClosed, what);
    assertEquals(state.gone, what.startsWith("padding") ? 1 : 0, what);
  }
});

Deno.test("too many streams are refused, one by one", () => {
  const { connection, state, written } = onMemory();
  connection.receive(PREFACE);
  for (let i = 0; i < 2_010; i++) connection.receive(frameOf(FrameType.HEADERS, 4, 2 * i + 1, POST));
  assertEquals(state.requests, 2_000);
  const resets = written().filter(({ type }) => type === FrameType.RST_STREAM);
  assertEquals(resets.length, 10);
  connection.closed();
  assertEquals(state.gone, 2_000);
});

Deno.test("any frames leave a connection that goes on or has ended", () => {
  const frame = fc.tuple(fc.nat(11), fc.nat(255), fc.nat(4), fc.uint8Array({ maxLength: 20 }));
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 20 }), (frames) => {
      const { connection } = onMemory();
      connection.receive(PREFACE);
      for (const [type, flags, stream, content] of frames) {
        connection.receive(frameOf(type, flags, stream, content));
      }
      connection.closed();
    }),
    { numRuns: 500 },
  );
});

Deno.test("another implementation's headers, windows and pings are understood", async () => {
  await using server = await startEcho();
  const session = connect(`http://127.0.0.1:${server.port}`, { settings: { initialWindowSize: 300 } });
  try {
    await new Promise((resolve) => session.once("connect", resolve));
    const pong = Promise.withResolvers<void>();
    session.ping((error: Error | null) => error ? pong.reject(error) : pong.resolve());
    await pong.promise;
    const stream = session.request({
      ":method": "POST",
      ":path": "/s/Echo",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const request = new Uint8Array(50_005);
    new DataView(request.buffer).setUint32(1, 50_000);
    stream.end(request);
    let length = 0;
    for await (const chunk of stream) length += chunk.length;
    assertEquals(length, 50_005);
  } finally {
    session.destroy();
  }
  // Every printable character of a path arrives, by its Huffman code.
  const client = connectGrpc(`127.0.0.1:${server.port}`);
  const path = "/" +
    Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join("").replace("#", "");
  await assertRejects(() => client.unary(path, new Uint8Array()), SluiceError, path);
  client.close();
});

async function startEcho() {
  const server = await serveGrpc({
    hostname: "127.0.0.1",
    port: 0,
    methods: new Map([["/s/Echo", (request) => request]]),
    clock: systemClock,
    log: silentLog,
  });
  return { port: server.port, [Symbol.asyncDispose]: () => server.stop() };
}
