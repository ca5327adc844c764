import { crc32c, FailedPreconditionError, InvalidArgumentError } from "../base/mod.ts";
import { type Element, encodeValue } from "../element/mod.ts";
import type { FunctionRef, InlineFunction, ModuleFunction } from "./functions.ts";
import type { GraphNode } from "./nodes.ts";
import { operatorOf } from "./operators.ts";
import { checkFunction } from "./shipping/check_function.ts";
import { walk } from "./walk.ts";
import { GRAPH_VERSION, MAX_GRAPH_BYTES, MAX_GRAPH_DEPTH, MAX_GRAPH_NODES, sortKeys } from "./wire_format.ts";

/** What serialising a graph may need. */
export interface SerializeGraphOptions {
  /** Code of modules, by their URL: it travels with the graph, keyed by its SHA-256 in hex. @default none */
  bundles?: ReadonlyMap<string, { readonly hash: string; readonly code: string }>;
  /** Code of modules that came with a parsed graph, by hash, so that parts of it can travel on. @default none */
  modules?: ReadonlyMap<string, string>;
}

/**
 * Writes a graph down. Equal graphs give equal bytes, whichever nodes they share.
 *
 * @throws {InvalidArgumentError} for an inline function that cannot run away from its surroundings, and for a graph
 * of more than 100,000 nodes, 1,000 levels or 256 MiB
 * @throws {FailedPreconditionError} for a function of a local module whose code is not at hand
 */
export function serializeGraph(
  root: GraphNode,
  options: SerializeGraphOptions = {},
): Uint8Array<ArrayBuffer> {
  const { bundles = new Map(), modules = new Map() } = options;
  const writer = new GraphWriter(bundles, modules);
  for (const node of walk(root)) writer.add(node);
  return writer.finish();
}

class GraphWriter {
  readonly #bundles: NonNullable<SerializeGraphOptions["bundles"]>;
  readonly #knownModules: ReadonlyMap<string, string>;
  readonly #written: { [key: string]: Element }[] = [];
  readonly #depths: number[] = [];
  readonly #indexes = new Map<GraphNode, number>();
  /** Nodes by the checksum of their encoding: equal ones are found without comparing each with each. */
  readonly #byChecksum = new Map<number, { readonly bytes: Uint8Array; readonly index: number }[]>();
  readonly #modules: { [hash: string]: string } = {};

  constructor(bundles: NonNullable<SerializeGraphOptions["bundles"]>, modules: ReadonlyMap<string, string>) {
    this.#bundles = bundles;
    this.#knownModules = modules;
  }

  /** Adds a node whose inputs have been added. */
  add(node: GraphNode): void {
    const inputs = node.inputs.map((input: GraphNode) => this.#indexes.get(input)!);
    const written = this.#write(node, inputs);
    const bytes = encodeValue(written);
    const checksum = crc32c(bytes);
    const alike = this.#byChecksum.get(checksum) ?? [];
    const equal = alike.find((other) => sameBytes(other.bytes, bytes));
    if (equal) return void this.#indexes.set(node, equal.index);

    const depth = 1 + inputs.reduce((deepest, input) => Math.max(deepest, this.#depths[input]), 0);
    if (depth > MAX_GRAPH_DEPTH) refuse(`it is more than ${MAX_GRAPH_DEPTH} operators deep`);
    const index = this.#written.push(written) - 1;
    if (index >= MAX_GRAPH_NODES) refuse(`it has more than ${MAX_GRAPH_NODES} operators`);
    this.#depths.push(depth);
    this.#indexes.set(node, index);
    this.#byChecksum.set(checksum, [...alike, { bytes, index }]);
  }

  finish(): Uint8Array<ArrayBuffer> {
    const bytes = encodeValue({
      modules: sortKeys(this.#modules),
      nodes: this.#written,
      version: GRAPH_VERSION,
    });
    if (bytes.length > MAX_GRAPH_BYTES) {
      refuse(`it takes ${bytes.length} bytes, more than ${MAX_GRAPH_BYTES}; read large data from files`);
    }
    return bytes;
  }

  #write(node: GraphNode, inputs: number[]): { [key: string]: Element } {
    const written: Record<string, Element> = { op: node.op, inputs };
    const attributes = node as unknown as Readonly<Record<string, Element | FunctionRef>>;
    for (const [name, kind] of Object.entries(operatorOf(node).attributes)) {
      const value = attributes[name];
      if (kind.mayBeFunction && typeof value === "object") {
        written[name] = this.#writeFunction(
          value as FunctionRef,
          name === "fn" ? node.op : `${node.op} (${name})`,
        );
      } else {
        written[name] = kind.sortKeys ? sortKeys(value as Record<string, Element>) : value as Element;
      }
    }
    return sortKeys(written);
  }

  #writeFunction(ref: FunctionRef, where: string): Element {
    return sortKeys<Element>({ ...ref.kind === "inline" ? writeInline(ref, where) : this.#writeModule(ref) });
  }

  #writeModule({ url, exportName, captures, hash: known }: ModuleFunction): Record<string, Element> {
    const bundle = known === null ? this.#bundles.get(url) : undefined;
    const hash = bundle?.hash ?? known;
    if (hash === null) {
      if (url.startsWith("file:")) {
        throw new FailedPreconditionError(`Cannot ship the module "${url}": its code has not been bundled`);
      }
      return { kind: "module", url, exportName, captures, hash };
    }
    const code = bundle?.code ?? this.#knownModules.get(hash);
    if (code === undefined) {
      throw new FailedPreconditionError(`Cannot ship the module "${url}": its code is not at hand`);
    }
    this.#modules[hash] = code;
    return { kind: "module", url: portableUrl(url), exportName, captures, hash };
  }
}

function writeInline(ref: InlineFunction, where: string): Record<string, Element> {
  checkFunction(ref, where);
  return { kind: "inline", source: ref.source, captures: ref.captures };
}

/** Two checkouts of one program must give one dataset: of a local module only the file's name travels, for messages. */
function portableUrl(url: string): string {
  return url.startsWith("file:") ? `file:///${url.slice(url.lastIndexOf("/") + 1)}` : url;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function refuse(problem: string): never {
  throw new InvalidArgumentError(`Cannot ship the dataset: ${problem}`);
}
