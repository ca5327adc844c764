/** Finds the sources of a TensorFlow dataset in its graph, in the order in which its workers ask for their splits. */

import { errorFromCode, InvalidArgumentError, type SluiceError } from "../../base/mod.ts";
import type { GraphDef, NodeDef } from "../../gen/tensorflow/graph_pb.ts";
import type { TensorProto } from "../../gen/tensorflow/tensor_pb.ts";
import { firstDimension, integerOf, textOf } from "./constants.ts";
import { decodeGraph } from "./decode_graph.ts";
import { type GraphSource, indexSource, rangeSource } from "./split_source.ts";

/** Most operators on the ways to all sources; a graph that goes in circles ends here. */
const MAX_OPERATORS = 100_000;

/** Operators all of whose inputs are datasets that are split each for itself. */
const MANY_INPUTS: ReadonlySet<string> = new Set([
  "ZipDataset",
  "ConcatenateDataset",
  "DirectedInterleaveDataset",
  "ExperimentalDirectedInterleaveDataset",
]);

/** Operators with several datasets for inputs that cannot be split. */
const INDIVISIBLE: ReadonlySet<string> = new Set([
  "ChooseFastestDataset",
  "ExperimentalChooseFastestDataset",
  "WeightedFlatMapDataset",
]);

/**
 * The sources of a dataset, depth first, inputs from left to right. Datasets that functions make are not looked for,
 * as TensorFlow does not.
 *
 * Throws InvalidArgumentError for bytes that are no graph of a dataset, and an "unimplemented" SluiceError, naming the
 * operator, where a dataset cannot be divided.
 */
export function graphSources(bytes: Uint8Array): readonly GraphSource[] {
  return new Walk(decodeGraph(bytes)).sources();
}

class Walk {
  readonly #graph: GraphDef;
  readonly #nodes: ReadonlyMap<string, NodeDef>;
  readonly #sources: GraphSource[] = [];

  constructor(graph: GraphDef) {
    this.#graph = graph;
    this.#nodes = new Map(graph.node.map((node) => [node.name, node]));
  }

  sources(): readonly GraphSource[] {
    const output = this.#graph.node.find(({ op }) => op === "_Retval");
    const root = output && this.#input(output, 0);
    if (!root) throw new InvalidArgumentError("The graph has no output, so that it is no dataset");
    // A list, not recursion: a pipeline may have more operators than the stack has room for.
    const rest = [root];
    for (let visited = 0; visited < MAX_OPERATORS; visited++) {
      const node = rest.pop();
      if (!node) return this.#sources;
      rest.push(...this.#visit(node).reverse());
    }
    throw new InvalidArgumentError(
      `The ways to the dataset's sources lead over more than ${MAX_OPERATORS} operators, or in a circle`,
    );
  }

  /** Takes in a source; the reply is the datasets that an operator takes its elements from. */
  #visit(node: NodeDef): NodeDef[] {
    const source = this.#sourceOf(node);
    if (source) {
      this.#sources.push(source);
      return [];
    }
    if (MANY_INPUTS.has(node.op)) return this.#inputs(node);
    if (node.op.startsWith("SnapshotDataset")) {
      throw unimplemented("Splitting is not implemented for snapshot datasets.");
    }
    // What else is an input may be a dataset as well: one that a function has captured.
    const [input] = this.#inputs(node);
    if (input && isDataset(input) && !INDIVISIBLE.has(node.op)) return [input];
    const arity = INDIVISIBLE.has(node.op) ? this.#inputs(node).filter(isDataset).length : 0;
    throw unimplemented(
      `Cannot create split providers for dataset of type ${node.op}, because the dataset is not unary (instead ` +
        `having arity ${arity}). Use another operator, or another sharding policy.`,
    );
  }

  #sourceOf(node: NodeDef): GraphSource | undefined {
    switch (node.op) {
      case "RangeDataset":
        return rangeSource(this.#integer(node, 0), this.#integer(node, 1), this.#step(node));
      case "TensorSliceDataset":
        return indexSource(this.#numSlices(node));
      case "TensorDataset":
        return indexSource(1);
      case "ListDataset":
        return indexSource(listLength(node));
      case "RandomDataset":
      case "RandomDatasetV2":
      case "ExperimentalRandomDataset":
        return indexSource(Infinity);
      case "ListSnapshotChunksDataset":
        return { kind: "chunks", path: this.#text(node, 0) };
      default:
        return undefined;
    }
  }

  #step(node: NodeDef): bigint {
    const step = this.#integer(node, 2);
    if (step === 0n) throw new InvalidArgumentError(`The step of ${node.name} must not be zero`);
    return step;
  }

  /** How many slices all components have: the first component that tells decides. */
  #numSlices(node: NodeDef): number {
    for (const input of this.#inputs(node)) {
      const constant = this.#constant(input);
      const size = constant ? firstDimension(constant) : this.#raggedRows(input);
      if (size !== undefined) return size;
    }
    throw unimplemented(
      `Cannot create split providers for ${node.name} of type ${node.op}, because none of its components is a ` +
        "constant.",
    );
  }

  /** How many rows a ragged tensor has: one less than its row splits. */
  #raggedRows(node: NodeDef): number | undefined {
    if (node.op !== "RaggedTensorToVariant") return undefined;
    const splits = this.#input(node, 0);
    const constant = splits && this.#constant(splits);
    const size = constant && firstDimension(constant);
    return size === undefined ? undefined : Math.max(0, size - 1);
  }

  #integer(node: NodeDef, index: number): bigint {
    const constant = this.#constantInput(node, index);
    const value = constant && integerOf(constant);
    if (value !== undefined) return value;
    throw this.#notConstant(node, index);
  }

  #text(node: NodeDef, index: number): string {
    const constant = this.#constantInput(node, index);
    const value = constant && textOf(constant);
    if (value !== undefined) return value;
    throw this.#notConstant(node, index);
  }

  #notConstant(node: NodeDef, index: number): SluiceError {
    return unimplemented(
      `Cannot create split providers for ${node.name} of type ${node.op}, because its input ${index} is no constant.`,
    );
  }

  #constantInput(node: NodeDef, index: number): TensorProto | undefined {
    const input = this.#input(node, index);
    return input && this.#constant(input);
  }

  #constant(node: NodeDef): TensorProto | undefined {
    let seen: NodeDef | undefined = node;
    for (let i = 0; seen?.op === "Identity" && i < MAX_OPERATORS; i++) seen = this.#input(seen, 0);
    const value = seen?.op === "Const" ? seen.attr["value"]?.value : undefined;
    return value?.case === "tensor" ? value.value : undefined;
  }

  #inputs(node: NodeDef): NodeDef[] {
    return node.input.filter((name) => !name.startsWith("^")).map((name) => this.#named(name, node));
  }

  #input(node: NodeDef, index: number): NodeDef | undefined {
    const name = node.input.filter((input) => !input.startsWith("^"))[index];
    return name === undefined ? undefined : this.#named(name, node);
  }

  #named(name: string, of: NodeDef): NodeDef {
    const node = this.#nodes.get(name.replace(/:\d+$/, ""));
    if (node) return node;
    throw new InvalidArgumentError(`The graph has no node ${name}, which is an input of ${of.name}`);
  }
}

/** Components of one element after the other are the inputs. */
function listLength({ attr, input }: NodeDef): number {
  const types = attr["output_types"]?.value;
  const perElement = types?.case === "list" ? types.value.type.length : 1;
  return input.filter((name) => !name.startsWith("^")).length / Math.max(1, perElement);
}

function isDataset({ op }: NodeDef): boolean {
  return /Dataset(V\d+)?$/.test(op);
}

function unimplemented(message: string): SluiceError {
  return errorFromCode("unimplemented", message);
}
