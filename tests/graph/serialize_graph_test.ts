import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FailedPreconditionError, InvalidArgumentError } from "../../src/base/mod.ts";
import { decodeValue } from "../../src/element/mod.ts";
import {
  cardinalityOf,
  checkNode,
  fingerprint,
  type FunctionRef,
  type GraphNode,
  inlineFunction,
  moduleFunction,
  parseGraph,
  serializeGraph,
} from "../../src/graph/mod.ts";
import { OP_NAMES } from "../../src/graph/operators.ts";
import { copyGraph, graph, graphAndChanged } from "./support/arbitrary_graph.ts";
import { concatenate, listFiles, map, range, take, zip } from "./support/nodes.ts";

const HASH = "0123456789abcdef".repeat(4);
const OTHER = "fedcba9876543210".repeat(4);

function mapWith(fn: FunctionRef): GraphNode {
  return checkNode({ op: "map", inputs: [range(3)], fn, parallel: 1, deterministic: null });
}

Deno.test("a graph comes back as it was, of whatever operators", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(graph, (root) => {
      const bytes = serializeGraph(root);
      const parsed = parseGraph(bytes);
      assertEquals(parsed.root, root);
      assertEquals(serializeGraph(parsed.root), bytes);
      seen.add(root.op);
    }),
    { numRuns: 600 },
  );
  assertEquals(OP_NAMES.filter((op) => !seen.has(op)), []);
});

Deno.test("equal graphs have equal bytes, whatever they share and in whatever order they were written", () => {
  fc.assert(
    fc.property(graph, (root) => {
      assertEquals(serializeGraph(copyGraph(root)), serializeGraph(root));
    }),
    { numRuns: 200 },
  );
});

Deno.test("a change of any attribute changes the bytes", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(graphAndChanged, (pair) => {
      if (pair === null) return;
      assertNotEquals(serializeGraph(pair.changed), serializeGraph(pair.graph));
      seen.add(pair.what);
    }),
    { numRuns: 2000 },
  );
  // Chance picks the attributes: nearly all must have had their turn for this test to mean anything.
  assertEquals(seen.size > 50, true);
});

Deno.test("shared and duplicated nodes are written once", () => {
  const shared = map(range(3));
  const bytes = serializeGraph(zip(shared, shared, map(range(3))));
  assertEquals((decodeValue(bytes) as { nodes: unknown[] }).nodes.length, 3);
  const { inputs: [first, second, third] } = parseGraph(bytes).root;
  assertEquals([first === second, second === third], [true, true]);
});

Deno.test("the format is what its page says", () => {
  // As text, so that the order of the keys counts.
  assertEquals(
    JSON.stringify(decodeValue(serializeGraph(take(range(3), 2)))),
    JSON.stringify({
      modules: {},
      nodes: [
        { inputs: [], op: "range", start: 0, step: 1, stop: 3 },
        { count: 2, inputs: [0], op: "take" },
      ],
      version: 1,
    }),
  );
});

Deno.test("the order of a format's options means nothing, that of the user's keys is data", () => {
  const read = (options: { [key: string]: string }) =>
    serializeGraph(checkNode({ op: "readFiles", inputs: [listFiles(["a"])], format: "csv", options }));
  assertEquals(read({ delimiter: ";", compression: "gzip" }), read({ compression: "gzip", delimiter: ";" }));
  const items = (item: { [key: string]: number }) =>
    serializeGraph(checkNode({ op: "fromArray", inputs: [], items: [item] }));
  assertNotEquals(items({ a: 1, b: 2 }), items({ b: 2, a: 1 }));
});

Deno.test("live functions stay where they are", () => {
  const { root } = parseGraph(serializeGraph(mapWith(inlineFunction((x: number) => x + 1, { scale: 2 }))));
  const { fn } = root as Extract<GraphNode, { op: "map" }>;
  assertEquals(Object.keys(fn).sort(), ["captures", "kind", "source"]);
  assertEquals(fn.captures, { scale: 2 });
});

Deno.test("functions that cannot travel are refused with their operator", () => {
  const scale = 2;
  assertThrows(
    () => serializeGraph(mapWith(inlineFunction((x: number) => x * scale))),
    InvalidArgumentError,
    'Cannot ship the function of map: it uses the outer variable "scale"',
  );
  const grouped = checkNode({
    op: "groupByWindow",
    inputs: [range(3)],
    key: inlineFunction((x: number) => x % scale),
    reduce: inlineFunction((_: number, w: unknown) => w),
    size: 3,
  });
  assertThrows(
    () => serializeGraph(grouped),
    InvalidArgumentError,
    "Cannot ship the function of groupByWindow (key): ",
  );
});

Deno.test("a local module travels with its code, and without the path of this machine", () => {
  const of = (url: string) => mapWith(moduleFunction(url, "decode"));
  const url = "file:///home/somebody/train/preprocess.ts";
  const bundle = { hash: HASH, code: "export const decode = (x) => x;" };
  const bytes = serializeGraph(of(url), { bundles: new Map([[url, bundle]]) });
  assertEquals(new TextDecoder().decode(bytes).includes("somebody"), false);
  const { root, modules } = parseGraph(bytes);
  assertEquals([...modules], [[HASH, bundle.code]]);
  assertEquals((root as Extract<GraphNode, { op: "map" }>).fn, {
    kind: "module",
    url: "file:///preprocess.ts",
    exportName: "decode",
    captures: null,
    hash: HASH,
  });
  const elsewhere = "file:///srv/preprocess.ts";
  assertEquals(serializeGraph(of(elsewhere), { bundles: new Map([[elsewhere, bundle]]) }), bytes);
  const edited = new Map([[url, { hash: OTHER, code: "export const decode = (x) => x + 1;" }]]);
  assertNotEquals(serializeGraph(of(url), { bundles: edited }), bytes);

  // A part of a dataset that came over the wire can be sent on, with the code that came with it.
  assertEquals(serializeGraph(root, { modules }), bytes);
  assertThrows(() => serializeGraph(root), FailedPreconditionError, "its code is not at hand");
});

Deno.test("a local module without its code is refused, a remote one travels by its URL", () => {
  assertThrows(
    () => serializeGraph(mapWith(moduleFunction("file:///a.ts", "f"))),
    FailedPreconditionError,
    'Cannot ship the module "file:///a.ts": its code has not been bundled',
  );
  const { root } = parseGraph(serializeGraph(mapWith(moduleFunction("npm:images@1", "f"))));
  assertEquals((root as Extract<GraphNode, { op: "map" }>).fn, { ...moduleFunction("npm:images@1", "f") });
});

Deno.test("a graph too deep to be run is refused, not overflowed", () => {
  const chain = (depth: number) => {
    let node: GraphNode = range(3);
    for (let i = 1; i < depth; i++) node = take(node, i);
    return node;
  };
  assertEquals(parseGraph(serializeGraph(chain(1_000))).root.op, "take");
  assertThrows(
    () => serializeGraph(chain(20_000)),
    InvalidArgumentError,
    "Cannot ship the dataset: it is more than 1000 operators deep",
  );
});

Deno.test("as many inputs as memory holds are no trouble", () => {
  const many = concatenate(
    checkNode({ op: "zip", inputs: new Array<GraphNode>(150_000).fill(range(3)) }),
    range(2),
  );
  const { root } = parseGraph(serializeGraph(many));
  assertEquals([cardinalityOf(root), root.inputs[0]?.inputs.length], [5, 150_000]);
});

Deno.test("a fingerprint is the SHA-256 of the bytes", async () => {
  const bytes = new TextEncoder().encode("abc");
  const sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assertEquals(await fingerprint(bytes), sha);
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  shared.set(bytes);
  assertEquals(await fingerprint(shared), sha);
});
