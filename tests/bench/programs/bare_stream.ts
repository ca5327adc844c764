/**
 * What plain HTTP can do: `bare_stream.ts server` streams bytes, `bare_stream.ts reader URL` reads them into a
 * buffer of its own. The ceiling where a peer is missing.
 */

import { answer } from "./answer.ts";

const CHUNK_BYTES = 600_000;

function serve(): void {
  const chunk = new Uint8Array(CHUNK_BYTES);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    let left = Number(new URL(request.url).searchParams.get("bytes"));
    return new Response(
      new ReadableStream({
        pull(controller) {
          controller.enqueue(chunk.subarray(0, Math.min(left, CHUNK_BYTES)));
          left -= Math.min(left, CHUNK_BYTES);
          if (left === 0) controller.close();
        },
      }),
    );
  });
  answer({}, { target: `http://127.0.0.1:${server.addr.port}` }).then(() => Deno.exit(0));
}

async function read(target: string, bytes: number): Promise<{ bytes: number; seconds: number }> {
  const started = performance.now();
  const { body } = await fetch(`${target}?bytes=${bytes}`);
  const reader = body!.getReader({ mode: "byob" });
  let buffer = new Uint8Array(CHUNK_BYTES);
  let taken = 0;
  while (true) {
    const { value, done } = await reader.read(buffer);
    if (done) return { bytes: taken, seconds: (performance.now() - started) / 1000 };
    taken += value.byteLength;
    buffer = new Uint8Array(value.buffer);
  }
}

if (Deno.args[0] === "server") serve();
else {
  await answer({ read: ({ bytes }) => read(Deno.args[1], bytes) });
  Deno.exit(0);
}
