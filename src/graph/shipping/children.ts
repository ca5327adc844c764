import type { AnyNode } from "acorn";

/** The syntax nodes directly below a node, in the order of its fields. */
export function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node).flatMap((value: unknown) => Array.isArray(value) ? value : [value]).filter(
    isNode,
  );
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null &&
    typeof (value as { type?: unknown }).type === "string";
}
