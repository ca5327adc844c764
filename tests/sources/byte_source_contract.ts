import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { joinBytes, NotFoundError } from "../../src/base/mod.ts";
import type { ByteSource, FileSystem } from "../../src/sources/mod.ts";

/** A file system that holds the files of a test. */
export interface ByteSourceFixture extends AsyncDisposable {
  readonly files: FileSystem;
  /** The full name of a file of the test. */
  nameOf(file: string): string;
}

/** The cases that every source must pass. */
export type ByteSourceCase =
  | "reads everything"
  | "reads from an offset"
  | "knows its size"
  | "is missing"
  | "is opened twice"
  | "gives chunks for good"
  | "is cancelled"
  | "is aborted"
  | "lists";

/** What a kind of source is tested with. */
export interface ByteSourceTestOptions {
  /** Cases that do not hold for this kind, with the reason. */
  skip?: Partial<Record<ByteSourceCase, string>>;
}

const LARGE = Uint8Array.from({ length: 700_001 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
const FILES: Record<string, Uint8Array<ArrayBuffer>> = {
  "empty": new Uint8Array(0),
  "small.txt": new TextEncoder().encode("0123456789"),
  "sub/large.bin": LARGE,
};

async function readAll(source: ByteSource, options?: { start?: number }): Promise<Uint8Array> {
  return joinBytes(await Array.fromAsync(await source.open(options)));
}

/** Runs the contract of {@linkcode ByteSource} and {@linkcode FileSystem} on one kind of them. */
export function testByteSource(
  kind: string,
  make: (files: Record<string, Uint8Array<ArrayBuffer>>) => Promise<ByteSourceFixture>,
  { skip = {} }: ByteSourceTestOptions = {},
): void {
  function test(name: ByteSourceCase, run: (fixture: ByteSourceFixture) => Promise<void>): void {
    const reason = skip[name];
    Deno.test({
      name: `${kind} source: ${name}${reason ? ` (skipped: ${reason})` : ""}`,
      ignore: reason !== undefined,
      fn: async () => {
        await using fixture = await make(FILES);
        await run(fixture);
      },
    });
  }

  test("reads everything", async ({ files, nameOf }) => {
    for (const [file, bytes] of Object.entries(FILES)) {
      const source = files.source(nameOf(file));
      assertEquals(source.name, nameOf(file));
      assertEquals(await readAll(source), bytes);
    }
  });

  test("reads from an offset", async ({ files, nameOf }) => {
    const large = files.source(nameOf("sub/large.bin"));
    await fc.assert(
      fc.asyncProperty(fc.nat(LARGE.length), async (start) => {
        assertEquals(await readAll(large, { start }), LARGE.subarray(start));
      }),
      { numRuns: 10, examples: [[0], [1], [65_536], [LARGE.length - 1], [LARGE.length]] },
    );
    assertEquals(await readAll(large, { start: LARGE.length + 1 }), new Uint8Array(0));
    assertEquals(await readAll(files.source(nameOf("empty")), { start: 5 }), new Uint8Array(0));
  });

  test("knows its size", async ({ files, nameOf }) => {
    for (const [file, bytes] of Object.entries(FILES)) {
      assertEquals(await files.source(nameOf(file)).size(), bytes.length);
    }
  });

  test("is missing", async ({ files, nameOf }) => {
    const missing = nameOf("missing.txt");
    const source = files.source(missing);
    const opening = await assertRejects(() => source.open(), NotFoundError);
    assertStringIncludes(opening.message, `Cannot`);
    assertStringIncludes(opening.message, JSON.stringify(missing));
    const sizing = await assertRejects(() => source.size(), NotFoundError);
    assertStringIncludes(sizing.message, JSON.stringify(missing));
  });

  test("is opened twice", async ({ files, nameOf }) => {
    const source = files.source(nameOf("sub/large.bin"));
    const [a, b] = [await source.open(), await source.open({ start: 9 })];
    assertEquals(joinBytes(await Array.fromAsync(b)), LARGE.subarray(9));
    assertEquals(joinBytes(await Array.fromAsync(a)), LARGE);
  });

  test("gives chunks for good", async ({ files, nameOf }) => {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const copies: Uint8Array[] = [];
    for await (const chunk of await files.source(nameOf("sub/large.bin")).open()) {
      assert(chunk.length > 0 && chunk.length <= 1_048_576, `a chunk has ${chunk.length} bytes`);
      chunks.push(chunk);
      copies.push(chunk.slice());
    }
    assert(chunks.length > 1, "memory is not bounded: all bytes came at once");
    assertEquals(chunks, copies);
    chunks[0].fill(0);
    assertEquals(
      await readAll(files.source(nameOf("sub/large.bin"))),
      LARGE,
      "chunks must not be the source itself",
    );
  });

  test("is cancelled", async ({ files, nameOf }) => {
    const source = files.source(nameOf("sub/large.bin"));
    const reader = (await source.open()).getReader();
    assertEquals((await reader.read()).done, false);
    await reader.cancel();
    await (await source.open()).cancel();
    assertEquals(await readAll(source), LARGE);
  });

  test("is aborted", async ({ files, nameOf }) => {
    const source = files.source(nameOf("sub/large.bin"));
    const reason = new Error("the reader left");
    assertEquals(await assertRejects(() => source.open({ signal: AbortSignal.abort(reason) })), reason);
    const controller = new AbortController();
    const reader = (await source.open({ signal: controller.signal })).getReader();
    await reader.read();
    controller.abort(reason);
    const readOn = async () => {
      // What was read ahead may still come.
      for (let i = 0; i < 100; i++) if ((await reader.read()).done) return;
    };
    assertEquals(await assertRejects(readOn), reason);
  });

  test("lists", async ({ files, nameOf }) => {
    assertEquals(await files.list(nameOf("small.txt")), [nameOf("small.txt")]);
    assertEquals(await files.list(nameOf("*")), [nameOf("empty"), nameOf("small.txt")]);
    assertEquals(await files.list(nameOf("**/*.{bin,txt}")), [nameOf("small.txt"), nameOf("sub/large.bin")]);
    for (const pattern of [nameOf("missing.txt"), nameOf("*.csv"), nameOf("sub")]) {
      const error = await assertRejects(() => files.list(pattern), NotFoundError);
      assertStringIncludes(error.message, JSON.stringify(pattern));
    }
    const reason = new Error("the reader left");
    const signal = AbortSignal.abort(reason);
    assertEquals(await assertRejects(() => files.list(nameOf("*"), { signal })), reason);
  });
}
