/**
 * Floor 1: what an element is, its spec, and how blocks of elements become bytes and views of bytes again.
 *
 * @module
 */
export type { ElementSpec } from "./spec.ts";
export type { DType, Element, Tensor, TypedArray } from "./types.ts";
