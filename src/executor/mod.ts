/**
 * Floor 3: runs dataset graphs. {@linkcode execute} turns a graph into an iterator; one file an operator.
 *
 * @module
 */
export type {
  DataServiceReader,
  DatasetBuilder,
  ExecutionContext,
  FunctionRuntime,
  Split,
  SplitSupply,
} from "./context.ts";
export { execute } from "./execute.ts";
export { DONE, type ElementIterator, type Pulled } from "./iterator.ts";
