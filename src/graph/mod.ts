/**
 * Floor 2: the dataset graph as plain data.
 *
 * @module
 */
export type { FunctionRef, InlineFunction, ModuleFunction, UserFunction } from "./functions.ts";
export { GRAPH, graphOf } from "./nodes.ts";
export type * from "./nodes.ts";
