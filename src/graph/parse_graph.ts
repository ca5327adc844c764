import { InvalidArgumentError, messageOf, show } from "../base/mod.ts";
import { decodeValue, type Element } from "../element/mod.ts";
import { checkNode } from "./check_node.ts";
import { functionsOf } from "./functions_of.ts";
import type { GraphNode } from "./nodes.ts";
import { GRAPH_VERSION, MAX_GRAPH_BYTES, MAX_GRAPH_DEPTH, MAX_GRAPH_NODES } from "./wire_format.ts";

/** A graph that came over the wire. */
export interface ParsedGraph {
  /** The node that gives the dataset's elements. */
  readonly root: GraphNode;
  /** The code that came with it, by its hash. */
  readonly modules: ReadonlyMap<string, string>;
}

/**
 * Reads a graph that `serializeGraph` wrote. Nothing of it is believed: every node passes the checks that building
 * it would have passed.
 *
 * @throws {InvalidArgumentError} for what is no graph, of another version, or beyond the limits
 * @throws {DataLossError} for bytes that are no element
 */
export function parseGraph(bytes: Uint8Array): ParsedGraph {
  if (bytes.length > MAX_GRAPH_BYTES) {
    refuse(`it takes ${bytes.length} bytes, more than ${MAX_GRAPH_BYTES}`);
  }
  const { version, nodes, modules, ...rest } = fieldsOf(decodeValue(bytes), "a graph");
  if (version !== GRAPH_VERSION) {
    refuse(`its version is ${show(version)}, this program reads version ${GRAPH_VERSION}`);
  }
  for (const stranger of Object.keys(rest)) refuse(`it has an unknown field "${stranger}"`);
  const code = parseModules(modules);
  return { root: parseNodes(nodes, code), modules: code };
}

function parseModules(modules: unknown): Map<string, string> {
  const entries = Object.entries(fieldsOf(modules, "a record of modules"));
  for (const [hash, code] of entries) {
    if (!/^[0-9a-f]{64}$/.test(hash)) refuse(`${show(hash)} is no hash of a module`);
    if (typeof code !== "string") refuse(`the code of module ${hash} is ${show(code)}`);
  }
  return new Map(entries as [string, string][]);
}

function parseNodes(written: unknown, modules: ReadonlyMap<string, string>): GraphNode {
  if (!Array.isArray(written) || written.length === 0) refuse("it has no nodes");
  if (written.length > MAX_GRAPH_NODES) refuse(`it has more than ${MAX_GRAPH_NODES} nodes`);
  const nodes: GraphNode[] = [];
  const depths: number[] = [];
  const unused = new Set<number>();
  for (let index = 0; index < written.length; index++) {
    const fields = fieldsOf(written[index], `node ${index}`);
    const inputs = parseInputs(fields.inputs, index);
    for (const input of inputs) unused.delete(input);
    unused.add(index);
    depths.push(1 + inputs.reduce((deepest, input) => Math.max(deepest, depths[input]), 0));
    if (depths[index] > MAX_GRAPH_DEPTH) refuse(`it is more than ${MAX_GRAPH_DEPTH} nodes deep`);
    nodes.push(parseNode(fields, inputs.map((input) => nodes[input]), index, modules));
  }
  unused.delete(nodes.length - 1);
  for (const index of unused) refuse(`nothing uses node ${index}`);
  return nodes[nodes.length - 1];
}

/** Indexes of nodes that stand before this one: there are no cycles. */
function parseInputs(inputs: unknown, index: number): number[] {
  if (!Array.isArray(inputs)) refuse(`the inputs of node ${index} are ${show(inputs)}`);
  for (const input of inputs) {
    if (!Number.isInteger(input) || input < 0 || input >= index) {
      refuse(`${show(input)} is no input for node ${index}`);
    }
  }
  return inputs;
}

function parseNode(
  fields: Readonly<Record<string, Element>>,
  inputs: readonly GraphNode[],
  index: number,
  modules: ReadonlyMap<string, string>,
): GraphNode {
  let node: GraphNode;
  try {
    // checkNode finds out whether this is a node.
    node = checkNode({ ...fields, inputs } as unknown as GraphNode);
  } catch (error) {
    refuse(`node ${index} (${show(fields.op)}): ${messageOf(error)}`, error);
  }
  for (const { ref } of functionsOf(node)) {
    if (ref.kind === "module" && ref.hash !== null && !modules.has(ref.hash)) {
      refuse(`node ${index} (${node.op}): the code of the module "${ref.url}" is missing`);
    }
  }
  return node;
}

function fieldsOf(value: unknown, what: string): Readonly<Record<string, Element>> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
    refuse(`${show(value)} is not ${what}`);
  }
  return value as Readonly<Record<string, Element>>;
}

function refuse(problem: string, cause?: unknown): never {
  throw new InvalidArgumentError(`Cannot read the graph: ${problem}`, { cause });
}
