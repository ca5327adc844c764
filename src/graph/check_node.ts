import { InvalidArgumentError, show } from "../base/mod.ts";
import type { GraphNode } from "./nodes.ts";
import { isOpName, operatorOf } from "./operators.ts";

/**
 * Checks a node's attributes and its number of inputs, freezes it and gives it back. The inputs are taken to have
 * been checked when they were made.
 *
 * @throws {InvalidArgumentError} with the argument's name, the rule and the value
 */
export function checkNode<N extends GraphNode>(node: N): N {
  const { op, inputs, ...attributes }: { op: unknown; inputs: unknown } & Record<string, unknown> = {
    ...node,
  };
  if (!isOpName(op)) {
    throw new InvalidArgumentError(`\`op\` must be the name of an operator, got ${show(op)}`);
  }
  const operator = operatorOf(node);
  checkInputs(op, inputs, operator.arity);
  for (const [name, kind] of Object.entries(operator.attributes)) kind.check(name, attributes[name]);
  for (const name of Object.keys(attributes)) {
    if (!Object.hasOwn(operator.attributes, name)) {
      throw new InvalidArgumentError(`\`${name}\` is no attribute of ${op}`);
    }
  }
  operator.check?.(node);
  Object.freeze(node.inputs);
  return Object.freeze(node);
}

function checkInputs(op: string, inputs: unknown, { min, max }: { min: number; max: number }): void {
  if (!Array.isArray(inputs)) {
    throw new InvalidArgumentError(`\`inputs\` must be an array, got ${show(inputs)}`);
  }
  if (inputs.length < min || inputs.length > max) {
    const rule = min === max ? `${min}` : max === Infinity ? `at least ${min}` : `${min} to ${max}`;
    throw new InvalidArgumentError(`Cannot build ${op}: it takes ${rule} datasets, got ${inputs.length}`);
  }
  for (let i = 0; i < inputs.length; i++) {
    const input: unknown = inputs[i];
    if (typeof input !== "object" || input === null || !isOpName((input as { op?: unknown }).op)) {
      throw new InvalidArgumentError(`Cannot build ${op}: input ${i} must be a dataset, got ${show(input)}`);
    }
  }
}
