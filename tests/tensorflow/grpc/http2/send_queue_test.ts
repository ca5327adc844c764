import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { joinBytes } from "../../../../src/base/mod.ts";
import { Flag, FrameType, HEADER_BYTES } from "../../../../src/tensorflow/grpc/http2/frames.ts";
import { SendQueue } from "../../../../src/tensorflow/grpc/http2/send_queue.ts";

interface Frame {
  type: number;
  flags: number;
  stream: number;
  content: Uint8Array;
}

function framesOf(bytes: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length;) {
    const end = at + HEADER_BYTES + (view.getUint32(at) >>> 8);
    frames.push({
      type: bytes[at + 3],
      flags: bytes[at + 4],
      stream: view.getUint32(at + 5),
      content: bytes.subarray(at + HEADER_BYTES, end),
    });
    at = end;
  }
  return frames;
}

const HEADERS = new Uint8Array([1]);
const TRAILERS = new Uint8Array([2, 2]);

Deno.test("a large response leaves in few writes: what is small goes with what is beside it", () => {
  const writes: Uint8Array[] = [];
  const queue = new SendQueue((bytes) => Boolean(writes.push(bytes)));
  queue.maxFrameBytes = 1 << 22;
  queue.setInitialWindow(1 << 22);
  queue.grow(0, 1 << 22);
  queue.open(1);
  const large = new Uint8Array(600_000);
  const sizes = [5, 24, large.length, 3];
  queue.prepare(
    1,
    HEADERS,
    sizes.map((size) => size === large.length ? large : new Uint8Array(size)),
    TRAILERS,
    () => {},
  )();
  assertEquals(writes.map(({ length }) => length), [
    HEADER_BYTES + HEADERS.length + HEADER_BYTES + 5 + 24,
    large.length,
    3 + HEADER_BYTES + TRAILERS.length,
  ]);
  assertEquals(writes[1].buffer === large.buffer, true, "it is not copied");
});

Deno.test("whatever the windows and the wire take at a time, bodies arrive whole and in order", () => {
  const sizes = fc.array(fc.constantFrom(0, 1, 5, 100, 5_000, 20_000, 70_000), { maxLength: 5 });
  const responses = fc.array(fc.tuple(sizes, fc.boolean()), { minLength: 1, maxLength: 4 });
  const grants = fc.infiniteStream(fc.tuple(fc.constantFrom(0, 1), fc.constantFrom(1, 999, 16_384, 100_000)));
  fc.assert(
    fc.property(responses, grants, fc.infiniteStream(fc.boolean()), fc.constantFrom(100, 16_384, 1 << 20), (
      responses,
      grants,
      takes,
      maxFrameBytes,
    ) => {
      const written: Uint8Array[] = [];
      const queue = new SendQueue((bytes) => {
        written.push(bytes.slice());
        return takes.next().value;
      });
      queue.maxFrameBytes = maxFrameBytes;
      queue.setInitialWindow(0);
      const done: number[] = [];
      const bodies = responses.map(([sizes, hasTrailers], i) => {
        const id = 2 * i + 1;
        const pieces = sizes.map((size, p) => new Uint8Array(size).map((_, at) => at * 7 + p + i));
        queue.open(id);
        queue.prepare(id, HEADERS, pieces, hasTrailers ? TRAILERS : null, () => done.push(id))();
        return joinBytes(pieces);
      });
      for (let turn = 0; turn < 100_000 && done.length < responses.length; turn++) {
        const [connection, bytes] = grants.next().value;
        const open = responses.map((_, i) => 2 * i + 1).filter((id) => !done.includes(id));
        queue.grow(connection === 0 ? 0 : open[turn % open.length], bytes);
        queue.resume();
      }
      const frames = framesOf(joinBytes(written));
      responses.forEach(([, hasTrailers], i) => {
        const own = frames.filter(({ stream }) => stream === 2 * i + 1);
        assertEquals(own[0].content, HEADERS);
        const data = own.filter(({ type }) => type === FrameType.DATA);
        assertEquals(joinBytes(data.map(({ content }) => content)), bodies[i]);
        assertEquals(data.every(({ content }) => content.length <= maxFrameBytes), true);
        assertEquals(own.filter(({ flags }) => flags & Flag.END_STREAM).length, 1);
        assertEquals((own.at(-1)!.flags & Flag.END_STREAM) !== 0, true);
        if (hasTrailers) assertEquals(own.at(-1)!.content, TRAILERS);
      });
      assertEquals(done.length, responses.length);
    }),
    { numRuns: 100 },
  );
});
