/** What a piece of code declares, and where the declarations hold. */

import type { AnyNode, Pattern } from "acorn";
import { childrenOf } from "./children.ts";

/** The names that are declared at one place, and the scope around it. */
export class Scope {
  readonly #names: ReadonlySet<string>;
  readonly #parent: Scope | null;
  /** Whether `this` belongs to the function that is shipped or to one inside of it. */
  readonly ownsThis: boolean;

  /** A scope inside `parent`; `ownsThis` is inherited where it is not given. */
  constructor(parent: Scope | null, names: Iterable<string>, ownsThis: boolean = parent?.ownsThis ?? false) {
    this.#names = new Set(names);
    this.#parent = parent;
    this.ownsThis = ownsThis;
  }

  /** Whether the name is declared here or further out. */
  has(name: string): boolean {
    return this.#names.has(name) || (this.#parent?.has(name) ?? false);
  }
}

/** The names that a pattern binds. */
export function namesOfPattern(pattern: Pattern | null): string[] {
  switch (pattern?.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((p) =>
        namesOfPattern(p.type === "RestElement" ? p.argument : p.value)
      );
    case "ArrayPattern":
      return pattern.elements.flatMap(namesOfPattern);
    case "AssignmentPattern":
      return namesOfPattern(pattern.left);
    case "RestElement":
      return namesOfPattern(pattern.argument);
    default:
      return [];
  }
}

/** What statements declare in their own block: let, const, using, classes, and (in strict code) functions. */
export function lexicalNames(statements: readonly AnyNode[]): string[] {
  return statements.flatMap((statement) => {
    switch (statement.type) {
      case "VariableDeclaration":
        return statement.kind === "var" ? [] : statement.declarations.flatMap((d) => namesOfPattern(d.id));
      case "FunctionDeclaration":
      case "ClassDeclaration":
        return statement.id ? [statement.id.name] : [];
      default:
        return [];
    }
  });
}

/** What `var` declares anywhere below `node`, for the function around it. */
export function varNames(node: AnyNode): string[] {
  const names: string[] = [];
  const pending = [node];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (next.type === "VariableDeclaration" && next.kind === "var") {
      for (const { id } of next.declarations) names.push(...namesOfPattern(id));
    }
    // Functions and static blocks keep their variables to themselves; class bodies hold no others.
    if (isFunction(next) || next.type === "ClassBody") continue;
    for (const child of childrenOf(next)) pending.push(child);
  }
  return names;
}

/** Whether a node is a function of any form. */
export function isFunction(node: AnyNode): boolean {
  return node.type === "FunctionDeclaration" || node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression";
}
