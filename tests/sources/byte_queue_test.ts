import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ByteQueue } from "../../src/sources/byte_queue.ts";

Deno.test("a run within one chunk is a view, one across chunks a copy", () => {
  const queue = new ByteQueue();
  const [a, b] = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6)];
  queue.push(a);
  queue.push(b);
  assertEquals(queue.take(2)?.buffer, a.buffer);
  const across = queue.take(2)!;
  assertEquals([...across], [3, 4]);
  assert(across.buffer !== a.buffer && across.buffer !== b.buffer);
  assertEquals(queue.take(3), null);
  assertEquals([...queue.take(2)!], [5, 6]);
  assertEquals([queue.length, [...queue.take(0)!]], [0, []]);
});

Deno.test("bytes come out in the order in which they came in, whatever the sizes", () => {
  const pieces = fc.array(fc.array(fc.nat(255), { maxLength: 9 }), { maxLength: 12 });
  const wants = fc.array(fc.nat(20), { maxLength: 30 });
  fc.assert(fc.property(pieces, wants, (pieces, wants) => {
    const queue = new ByteQueue();
    const model: number[] = [];
    const rest = [...pieces];
    for (const want of wants) {
      const piece = rest.shift();
      if (piece) {
        queue.push(Uint8Array.from(piece));
        model.push(...piece);
      }
      const taken = queue.take(want);
      assertEquals(taken && [...taken], want <= model.length ? model.splice(0, want) : null);
      assertEquals(queue.length, model.length);
    }
  }));
});
