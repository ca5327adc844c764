import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DataLossError, InvalidArgumentError, SluiceError } from "../../src/base/mod.ts";
import { type Element, encodeValue } from "../../src/element/mod.ts";
import { parseGraph, serializeGraph } from "../../src/graph/mod.ts";
import { graph } from "./support/arbitrary_graph.ts";
import { range, take, zip } from "./support/nodes.ts";

const RANGE = { op: "range", inputs: [], start: 0, stop: 3, step: 1 };

function written(nodes: Element, rest: { [key: string]: Element } = {}): Uint8Array {
  return encodeValue({ version: 1, nodes, modules: {}, ...rest });
}

function refuses(bytes: Uint8Array, message: string): void {
  assertThrows(() => parseGraph(bytes), InvalidArgumentError, message);
}

Deno.test("what is written by hand is read", () => {
  assertEquals(parseGraph(written([RANGE, { op: "take", inputs: [0], count: 2 }])).root, take(range(3), 2));
});

Deno.test("what is no graph is refused with what is wrong", () => {
  refuses(encodeValue([1, 2]), "Cannot read the graph: an array of 2 is not a graph");
  refuses(encodeValue(new Float32Array(3)), "is not a graph");
  refuses(encodeValue({ version: 2, nodes: [RANGE], modules: {} }), "its version is 2");
  refuses(written([RANGE], { extra: 1 }), 'it has an unknown field "extra"');
  refuses(written([]), "it has no nodes");
  refuses(written("nodes"), "it has no nodes");
  refuses(written([RANGE, 3]), "3 is not node 1");
});

Deno.test("every node passes the checks of building it", () => {
  refuses(
    written([RANGE, { op: "batch", inputs: [0], size: 0, dropRemainder: false }]),
    'Cannot read the graph: node 1 ("batch"): `size` must be a whole number >= 1, got 0',
  );
  refuses(written([{ op: "constructor", inputs: [] }]), "must be the name of an operator");
  refuses(written([{ op: "take", inputs: [], count: 1 }]), "it takes 1 datasets, got 0");
  refuses(written([RANGE, { op: "take", inputs: [0], count: 1, more: 1 }]), "`more` is no attribute of take");
  refuses(written([{ ...RANGE, step: 0 }]), "`step` must be a whole number other than 0");
  refuses(
    written([RANGE, { op: "filter", inputs: [0], fn: { kind: "inline" } }]),
    "`fn.source` must be a string",
  );
});

Deno.test("inputs must stand before their node, and every node must be used", () => {
  const takeOf = (input: Element) => ({ op: "take", inputs: [input], count: 1 });
  for (const input of [1, 2, -1, 0.5, "0", null]) {
    refuses(written([RANGE, takeOf(input)]), "is no input for node 1");
  }
  refuses(written([RANGE, { op: "take", inputs: 0, count: 1 }]), "the inputs of node 1 are 0");
  refuses(written([RANGE, RANGE, takeOf(1)]), "nothing uses node 0");
});

Deno.test("modules must be there, under a hash", () => {
  const hash = "a".repeat(64);
  const fn = { kind: "module", url: "file:///a.ts", exportName: "f", captures: null, hash };
  const nodes = [RANGE, { op: "filter", inputs: [0], fn }];
  assertEquals(parseGraph(written(nodes, { modules: { [hash]: "code" } })).modules.get(hash), "code");
  refuses(written(nodes), 'node 1 (filter): the code of the module "file:///a.ts" is missing');
  refuses(written([RANGE], { modules: { abc: "code" } }), '"abc" is no hash of a module');
  refuses(written([RANGE], { modules: { [hash]: 1 } }), `the code of module ${hash} is 1`);
  refuses(written([RANGE], { modules: 3 }), "3 is not a record of modules");
});

Deno.test("limits on depth and number hold", () => {
  const chain: Element[] = [RANGE];
  for (let i = 0; i < 1_000; i++) chain.push({ op: "take", inputs: [i], count: 1 });
  refuses(written(chain), "it is more than 1000 nodes deep");
  refuses(written(new Array(100_001).fill(null)), "it has more than 100000 nodes");
});

Deno.test("bytes that are no element are data loss", () => {
  assertThrows(() => parseGraph(new Uint8Array()), DataLossError);
  const bytes = serializeGraph(zip(range(3), range(4)));
  assertThrows(() => parseGraph(bytes.subarray(0, bytes.length - 3)), DataLossError);
});

Deno.test("damaged bytes give an error or a graph, never anything else", () => {
  fc.assert(
    fc.property(graph, fc.nat(), fc.nat(255), (root, place, byte) => {
      const bytes = serializeGraph(root);
      bytes[place % bytes.length] = byte;
      try {
        parseGraph(bytes);
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});
