/**
 * Every decoder of bytes that come from the network or from disk, against bytes that lie: each gives a value or one of
 * Sluice's errors. A TypeError, an endless loop or an allocation by an untrusted length would be a way to bring a
 * process down.
 */

import { assert } from "@std/assert";
import fc from "fast-check";
import { joinBytes, type MaybePromise, messageOf, SluiceError } from "../../src/base/mod.ts";
import { checkCheckpoint } from "../../src/dataset/checkpoint.ts";
import { Dataset, distribute } from "../../src/dataset/mod.ts";
import {
  BlockEncoder,
  type BlockHeader,
  checkSpec,
  ConsumedSet,
  decodeBlock,
  decodeConsumed,
  decodeProvenance,
  decodeValue,
  type Element,
  encodeConsumed,
  encodeValue,
  Ledger,
  portableCodecs,
  ProvenanceWriter,
} from "../../src/element/mod.ts";
import { GRAPH, type GraphNode, parseGraph, serializeGraph } from "../../src/graph/mod.ts";
import { nodeCodecs } from "../../src/platform/mod.ts";
import { parseHead } from "../../src/platform/http_head.ts";
import { decodeBatch, encodeBatch } from "../../src/rpc/element_batch.ts";
import { elementStreamResponse, readElementStream } from "../../src/rpc/mod.ts";
import {
  END,
  memoryFileSystem,
  readRecords,
  type RecordFormat,
  tfrecordFrame,
} from "../../src/sources/mod.ts";
import { hostile } from "./mutate.ts";

const RUNS = 300;

interface Decoder {
  readonly name: string;
  readonly samples: readonly Uint8Array[];
  decode(bytes: Uint8Array<ArrayBuffer>): MaybePromise<unknown>;
  /** Errors besides Sluice's own that its one caller expects. @default none */
  readonly expects?: new () => Error;
}

const text = (value: string) => new TextEncoder().encode(value);

const ELEMENTS: Element[] = [
  { a: 1, b: "text", c: [true, null], d: Float32Array.of(1, 2, 3) },
  { a: 2, b: "", c: [false, null], d: Float32Array.of() },
];

function blockOf(elements: readonly Element[]): { payload: Uint8Array<ArrayBuffer>; header: BlockHeader } {
  const encoder = new BlockEncoder();
  for (const element of elements) encoder.add(element);
  const block = encoder.finish();
  return { payload: joinBytes(block.chunks), header: block };
}

function readAll(payload: Uint8Array, header: BlockHeader): void {
  const block = decodeBlock(payload, { ...header, maxBytes: 1 << 20 });
  for (let i = 0; i < block.count; i++) block.get(i);
}

const columnar = blockOf(ELEMENTS);
const mixed = blockOf([1, "a", { x: 2n }]);

function provenance(): Uint8Array<ArrayBuffer> {
  const ledger = new Ledger();
  const writer = new ProvenanceWriter(ledger);
  const pass = { source: 1, repetition: 2 };
  for (const index of [0, 1, 2, 9, 7]) {
    ledger.add(pass, index);
    writer.mark();
  }
  ledger.addOffset(pass, 20, 3);
  ledger.addEnd(pass, 20, 4);
  writer.mark();
  return writer.finish();
}

function consumed(): Uint8Array<ArrayBuffer> {
  const set = new ConsumedSet();
  set.add(0, 0, 0, 1_000_000);
  set.add(0, 3, 5, 6);
  set.addOffsets(1, 0, 77, 2, 9);
  return encodeConsumed(set);
}

const batch = {
  sequence: 3,
  count: 2,
  encoding: "columnar" as const,
  compression: "NONE" as const,
  uncompressedSize: columnar.payload.byteLength,
  spec: encodeValue({ kind: "number" }),
  sessionId: "s",
  endOfSequence: false,
  provenance: provenance(),
  payload: [columnar.payload],
};

function envelope(): Uint8Array<ArrayBuffer> {
  return joinBytes(encodeBatch(batch));
}

/** A batch and the end of the stream. */
async function stream(): Promise<Uint8Array<ArrayBuffer>> {
  async function* batches() {
    yield await Promise.resolve(batch);
  }
  return await elementStreamResponse(batches()).bytes();
}

async function readStream(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const fetch = () =>
    Promise.resolve(new Response(bytes, { headers: { "content-type": "application/connect+proto" } }));
  const { signal } = new AbortController();
  for await (const received of readElementStream("worker:1", {}, { signal, fetch })) {
    assert(received.payload.byteLength <= bytes.byteLength);
  }
}

const GRAPH_NODE = Dataset.range(10).shuffle(3).map((x) => x * 2, { captures: { a: [1, 2] } }).batch(2)[
  GRAPH
] as GraphNode;

async function records(
  format: RecordFormat,
  bytes: Uint8Array<ArrayBuffer>,
  options: { readonly [name: string]: Element } = {},
): Promise<void> {
  const reader = readRecords(memoryFileSystem({ f: bytes }).source("f"), format, options);
  try {
    while (await reader.next() !== END);
  } finally {
    await reader.close();
  }
}

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}

const LINES = text('a,b\n1,"x, y"\n2,z\n');

const CODECS = portableCodecs.with(nodeCodecs);
const PLAIN = text(
  "a text that repeats itself, a text that repeats itself, and again a text that repeats itself",
);

async function codecOf(name: "SNAPPY" | "ZSTD" | "GZIP"): Promise<Decoder> {
  const codec = CODECS.get(name)!;
  const sample = await codec.compress([PLAIN]);
  return { name, samples: [sample], decode: (bytes) => codec.decompress(bytes, PLAIN.byteLength) };
}

const CHECKPOINT = text(JSON.stringify({
  version: 2,
  pipeline: "range.dataService.shuffle",
  taken: 5,
  seed: 1,
  epoch: 0,
  finished: false,
  services: [{
    at: 1,
    pass: 0,
    place: {
      iteration: "key",
      client: "3000",
      repetition: 0,
      policy: 1,
      consumed: btoa(String.fromCharCode(...consumed())),
      position: 5,
      readers: 1,
      finished: false,
    },
  }],
  settled: btoa(String.fromCharCode(...consumed())),
}));
const READ = Dataset.range(3)
  .apply(distribute({ processingMode: "distributed_epoch", service: "http://localhost:1" })).shuffle(2);

const DECODERS: Decoder[] = [
  {
    name: "values",
    samples: ELEMENTS.map((element) => encodeValue(element)),
    decode: (bytes) => decodeValue(bytes),
  },
  {
    name: "specs",
    samples: [encodeValue(columnar.header.spec as unknown as Element)],
    decode: (bytes) => checkSpec(decodeValue(bytes)),
  },
  { name: "columns", samples: [columnar.payload], decode: (bytes) => readAll(bytes, columnar.header) },
  { name: "mixed blocks", samples: [mixed.payload], decode: (bytes) => readAll(bytes, mixed.header) },
  {
    name: "provenance",
    samples: [provenance()],
    decode: (bytes) => decodeProvenance(bytes, 6).addTo(new ConsumedSet(), 0, 6),
  },
  { name: "consumed sets", samples: [consumed()], decode: (bytes) => decodeConsumed(bytes).sources() },
  { name: "batches", samples: [envelope().subarray(5)], decode: (bytes) => decodeBatch(bytes) },
  { name: "element streams", samples: [await stream()], decode: readStream },
  { name: "graphs", samples: [serializeGraph(GRAPH_NODE)], decode: (bytes) => parseGraph(bytes) },
  {
    name: "tfrecord",
    samples: [tfrecordFrame(text("one")), tfrecordFrame(new Uint8Array(300))],
    decode: (bytes) => records("tfrecord", bytes),
  },
  { name: "csv", samples: [LINES], decode: (bytes) => records("csv", bytes) },
  { name: "jsonl", samples: [text('{"a":1}\n[1,2]\n')], decode: (bytes) => records("jsonl", bytes) },
  { name: "textLines", samples: [LINES], decode: (bytes) => records("textLines", bytes) },
  {
    name: "gzip files",
    samples: [await gzipped(LINES)],
    decode: (bytes) => records("textLines", bytes, { compression: "gzip" }),
  },
  await codecOf("SNAPPY"),
  await codecOf("ZSTD"),
  await codecOf("GZIP"),
  {
    name: "HTTP heads",
    samples: [text("HTTP/1.1 200 OK\r\nContent-Length: 12\r\nContent-Type: text/plain")],
    decode: (bytes) => parseHead(new TextDecoder().decode(bytes)),
    expects: TypeError,
  },
  {
    name: "checkpoints",
    samples: [CHECKPOINT],
    decode: (bytes) => {
      let value: unknown;
      try {
        value = JSON.parse(new TextDecoder().decode(bytes));
      } catch {
        return;
      }
      return checkCheckpoint(value, READ[GRAPH] as GraphNode);
    },
  },
];

for (const { name, samples, decode, expects } of DECODERS) {
  Deno.test(`damaged bytes get a value or an error of ours: ${name}`, async () => {
    for (const sample of samples) await decode(sample.slice());
    await fc.assert(
      fc.asyncProperty(hostile(samples), async (bytes) => {
        try {
          await decode(bytes);
        } catch (error) {
          if (error instanceof SluiceError || (expects && error instanceof expects)) return;
          throw new Error(`${bytes}: ${messageOf(error)}`, { cause: error });
        }
      }),
      { numRuns: RUNS },
    );
  });
}
