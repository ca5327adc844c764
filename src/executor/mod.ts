/**
 * Floor 3: runs dataset graphs. {@linkcode execute} turns a graph into an iterator; one file an operator.
 *
 * @module
 */
export { BoundFunction } from "./bound_function.ts";
export type { CallSpreader, SpreadFunction } from "./call_spreader.ts";
export type {
  DataServiceReader,
  DatasetBuilder,
  ExecutionContext,
  FunctionRuntime,
  ServiceIterator,
  ServicePass,
  Split,
  SplitSupply,
  TfDataServiceReader,
} from "./context.ts";
export { execute, type ExecuteOptions } from "./execute.ts";
export { Failure } from "./failure.ts";
export type { OperatorFunctionContext } from "./function_context.ts";
export { DONE, type ElementIterator, type Pulled } from "./iterator.ts";
export { servicesOf } from "./plan_places.ts";
export { type SettledBefore, Settlement } from "./settlement.ts";
