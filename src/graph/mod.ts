/**
 * Floor 2: the dataset graph as plain data.
 *
 * @module
 */
export { cardinalityOf } from "./cardinality.ts";
export { checkNode } from "./check_node.ts";
export { INFINITE_CARDINALITY, SHARD_HINT, UNKNOWN_CARDINALITY } from "./constants.ts";
export { elementSpecOf } from "./element_spec.ts";
export { fingerprint } from "./fingerprint.ts";
export { inlineFunction, moduleFunction } from "./function_refs.ts";
export { createFunctionRuntime, type FunctionRuntimeOptions } from "./function_runtime.ts";
export type { FunctionRef, InlineFunction, ModuleFunction, UserFunction } from "./functions.ts";
export { moduleFunctionsOf } from "./functions_of.ts";
export { GRAPH, graphOf } from "./nodes.ts";
export type * from "./nodes.ts";
export { isCompleteSpec, openSpecs } from "./open_specs.ts";
export { type Lockstep, lockstepOf } from "./lockstep.ts";
export { type Order, orderOf, type OrderOptions } from "./order.ts";
export { type Remainder, remainderOf } from "./remainder.ts";
export { type ParsedGraph, parseGraph } from "./parse_graph.ts";
export { planGraph, type PlannedNode, sourcesOf } from "./plan.ts";
export { serializeGraph, type SerializeGraphOptions } from "./serialize_graph.ts";
export { shardForPolicy, type ShardForPolicyOptions } from "./shard_for_policy.ts";
export { ShardingPolicy } from "./sharding_policy.ts";
export { checkFunction } from "./shipping/check_function.ts";
export type { SourceInfo } from "./source_info.ts";
export { hasHint } from "./sharding/by_hint.ts";
export { localNodes } from "./sharding/rebuild.ts";
export { type Visitation, visitationOf } from "./visitation.ts";
export { walk } from "./walk.ts";
