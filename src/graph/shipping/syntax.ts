/** Parsing the source text of a function. */

import {
  type ArrowFunctionExpression,
  type FunctionExpression,
  type Options,
  parse,
  type Property,
} from "acorn";

/** A function's syntax tree: the function itself, or the property of an object literal that a method stands for. */
export type FunctionSyntax =
  | { readonly kind: "function"; readonly root: FunctionExpression | ArrowFunctionExpression }
  | { readonly kind: "method"; readonly root: Property }
  /** Source that stands for something else, or that cannot be parsed; `problem` says it after "it". */
  | { readonly kind: "refused"; readonly problem: string };

// As a module: strict, like the code that shipped functions become, and the only form in which `import.meta` is
// syntax that the caller can find and name. `super` is let in for the same reason.
const OPTIONS: Options = {
  ecmaVersion: "latest",
  sourceType: "module",
  locations: true,
  allowSuperOutsideMethod: true,
};

/** Parses what `Function.prototype.toString` gave. Lines are counted from 1, as in the source. */
export function parseFunction(source: string): FunctionSyntax {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) return refused("is a native or bound function");
  let expression;
  try {
    expression = expressionOf(`(${source}\n)`);
  } catch (error) {
    return parseMethod(source) ?? refused(`cannot be parsed (${(error as Error).message})`);
  }
  switch (expression?.type) {
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return { kind: "function", root: expression };
    case "ClassExpression":
      return refused("is a class");
    default:
      return refused("is no function expression");
  }
}

/** A method shorthand is no expression, but it is one inside an object literal. */
function parseMethod(source: string): FunctionSyntax | undefined {
  let object;
  try {
    object = expressionOf(`({${source}\n})`);
  } catch {
    return undefined;
  }
  if (object?.type !== "ObjectExpression" || object.properties.length !== 1) return undefined;
  const [property] = object.properties;
  if (property.type !== "Property") return undefined;
  if (property.kind !== "init") return refused("is a getter or setter");
  return property.method ? { kind: "method", root: property } : undefined;
}

function expressionOf(code: string) {
  const [statement] = parse(code, OPTIONS).body;
  return statement?.type === "ExpressionStatement" ? statement.expression : undefined;
}

function refused(problem: string): FunctionSyntax {
  return { kind: "refused", problem };
}
