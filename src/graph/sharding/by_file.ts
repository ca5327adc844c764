import { NotFoundError } from "../../base/mod.ts";
import { checkNode } from "../check_node.ts";
import type { GraphNode, ShuffleNode } from "../nodes.ts";
import { operatorOf } from "../operators.ts";
import { checkEnoughFiles, type ShardContext, shardOf } from "./context.ts";
import { localNodes, withInputs } from "./rebuild.ts";

/** What the pass knows of the pipeline up to some node. */
type State =
  /** Divided between workers. */
  | { readonly kind: "sharded"; readonly node: GraphNode }
  /** May be a list of files for a reader further up. */
  | {
    readonly kind: "list";
    /** The list so far, without its shuffles: all workers must divide one and the same order. */
    readonly plain: GraphNode;
    /** The shuffles that were left out, the lowest first. */
    readonly shuffles: readonly ShuffleNode[];
    /** Operators above the source, to be put on top again where no reader comes. */
    readonly above: readonly GraphNode[];
    /** Whether the names come from `listFiles`; otherwise only `readFiles` knows them for files. */
    readonly files: boolean;
    /** The source, for the message. */
    readonly source: GraphNode;
  };

const READERS: readonly GraphNode["op"][] = ["readFiles", "flatMap", "interleave"];

/**
 * Divides the files of a pipeline: every file list gets a shard right below the lowest operator that reads files
 * (`readFiles`, or `flatMap` or `interleave` above `listFiles`), or right above `listFiles` where there is none.
 * Shuffles of the list go above the shard.
 *
 * @throws {NotFoundError} where elements come from something else than files
 * @throws {InvalidArgumentError} where there are known to be fewer files than workers
 */
export function shardByFile(root: GraphNode, context: ShardContext): GraphNode {
  const states = new Map<GraphNode, State>();
  for (const node of localNodes(root)) {
    const { remoteInputs } = operatorOf(node);
    const inputs = remoteInputs ? [] : node.inputs.map((input: GraphNode) => states.get(input)!);
    states.set(node, inputs.length === 0 ? sourceState(node) : stateAbove(node, inputs, context));
  }
  return finish(states.get(root)!, context);
}

function sourceState(source: GraphNode): State {
  const bare: Omit<State & { kind: "list" }, "plain" | "files" | "shuffles"> = {
    kind: "list",
    above: [],
    source,
  };
  if (source.op !== "listFiles") return { ...bare, plain: source, files: false, shuffles: [] };
  if (!source.shuffle) return { ...bare, plain: source, files: true, shuffles: [] };
  const plain = checkNode({ ...source, shuffle: false });
  const shuffle = checkNode<ShuffleNode>({
    op: "shuffle",
    inputs: [plain],
    bufferSize: Number.MAX_SAFE_INTEGER, // The whole list, however long: buffers grow as they fill.
    seed: source.seed,
    reshuffleEachIteration: true,
  });
  return { ...bare, plain, files: true, shuffles: [shuffle] };
}

function stateAbove(node: GraphNode, inputs: readonly State[], context: ShardContext): State {
  const [input] = inputs;
  if (
    inputs.length > 1 || node.op === "concatenate" || node.op === "zip" || node.op === "sampleFromDatasets"
  ) {
    return combine(node, inputs, context);
  }
  if (input.kind === "sharded") return { kind: "sharded", node: withInputs(node, [input.node]) };
  if (READERS.includes(node.op) && (input.files || node.op === "readFiles")) {
    return { kind: "sharded", node: withInputs(node, [divide(input, context)]) };
  }
  const above = [...input.above, node];
  return node.op === "shuffle"
    ? { ...input, above, shuffles: [...input.shuffles, node] }
    : { ...input, above, plain: withInputs(node, [input.plain]) };
}

function combine(node: GraphNode, inputs: readonly State[], context: ShardContext): State {
  const replicated = operatorOf(node).replicatedInput?.(node);
  const nodes = inputs.map((input, i) => i === replicated ? node.inputs[i] : finish(input, context));
  return { kind: "sharded", node: withInputs(node, nodes) };
}

/** The shard of a list, shuffled as the list was. */
function divide({ plain, shuffles }: State & { kind: "list" }, context: ShardContext): GraphNode {
  checkEnoughFiles(plain, context);
  return shuffles.reduce<GraphNode>((node, shuffle) => withInputs(shuffle, [node]), shardOf(plain, context));
}

function finish(state: State, context: ShardContext): GraphNode {
  if (state.kind === "sharded") return state.node;
  if (!state.files) {
    throw new NotFoundError(`Found an unshardable source dataset: ${state.source.op} names no files`);
  }
  const bottom = divide(sourceState(state.source) as State & { kind: "list" }, context);
  return state.above.reduce<GraphNode>((node, above) => withInputs(above, [node]), bottom);
}
