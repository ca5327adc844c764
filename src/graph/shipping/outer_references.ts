/** Finding what a function takes from the code around it. */

import type { AnyNode, ArrowFunctionExpression, Class, Function as FunctionNode, Pattern } from "acorn";
import { childrenOf } from "./children.ts";
import { lexicalNames, namesOfPattern, Scope, varNames } from "./scope.ts";

/** Something that a function does not hold itself. Lines count from 1. */
export interface OuterReference {
  /**
   * `variable`: a name declared nowhere in the function; `keyword`: `super`, `import.meta`, or `this` and
   * `new.target` of an arrow; `import`: a relative module specifier.
   */
  readonly kind: "variable" | "keyword" | "import";
  readonly name: string;
  readonly line: number;
}

/** Each thing that the code refers to outside itself, once for each name, in the order of the source. */
export function outerReferences(root: AnyNode): OuterReference[] {
  const visitor = new Visitor();
  visitor.visit(root, new Scope(null, []));
  return visitor.found.sort((a, b) => a.line - b.line);
}

class Visitor {
  readonly found: OuterReference[] = [];
  readonly #seen = new Set<string>();

  #report(kind: OuterReference["kind"], name: string, node: AnyNode): void {
    if (this.#seen.has(`${kind} ${name}`)) return;
    this.#seen.add(`${kind} ${name}`);
    this.found.push({ kind, name, line: node.loc!.start.line });
  }

  #visitAll(nodes: Iterable<AnyNode | null | undefined>, scope: Scope): void {
    for (const node of nodes) if (node) this.visit(node, scope);
  }

  visit(node: AnyNode, scope: Scope): void {
    switch (node.type) {
      case "Identifier":
        if (!scope.has(node.name)) this.#report("variable", node.name, node);
        return;
      case "ThisExpression":
        if (!scope.ownsThis) this.#report("keyword", "this", node);
        return;
      case "Super":
        return this.#report("keyword", "super", node);
      case "MetaProperty":
        // `new.target` of an arrow does not get this far: it is a syntax error without a function around it.
        if (node.meta.name === "import") this.#report("keyword", "import.meta", node);
        return;
      case "ImportExpression":
        if (node.source.type === "Literal" && /^\.{0,2}\//.test(String(node.source.value))) {
          this.#report("import", String(node.source.value), node);
        }
        return this.#visitAll(childrenOf(node), scope);
      case "UnaryExpression":
        // `typeof x` asks whether there is an `x`; it never fails.
        if (node.operator === "typeof" && node.argument.type === "Identifier") return;
        return this.visit(node.argument, scope);
      case "MemberExpression":
        this.visit(node.object, scope);
        return node.computed ? this.visit(node.property, scope) : undefined;
      case "Property":
        if (node.computed) this.visit(node.key, scope);
        return this.visit(node.value, scope);
      case "MethodDefinition":
      case "PropertyDefinition":
        if (node.computed) this.visit(node.key, scope);
        // A field's initialiser runs with the instance, or the class itself, as `this`.
        return this.#visitAll([node.value], new Scope(scope, [], true));
      case "StaticBlock":
        return this.#visitAll(
          node.body,
          new Scope(scope, [...lexicalNames(node.body), ...node.body.flatMap(varNames)], true),
        );
      case "LabeledStatement":
        return this.visit(node.body, scope);
      case "BreakStatement":
      case "ContinueStatement":
        return;
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return this.#visitFunction(node, scope);
      case "ClassDeclaration":
      case "ClassExpression":
        return this.#visitClass(node, scope);
      case "BlockStatement":
        return this.#visitAll(node.body, new Scope(scope, lexicalNames(node.body)));
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement": {
        const head = node.type === "ForStatement" ? node.init : node.left;
        return this.#visitAll(childrenOf(node), new Scope(scope, head ? lexicalNames([head]) : []));
      }
      case "SwitchStatement":
        this.visit(node.discriminant, scope);
        return this.#visitAll(
          node.cases,
          new Scope(scope, lexicalNames(node.cases.flatMap((branch) => branch.consequent))),
        );
      case "CatchClause": {
        const inside = new Scope(scope, namesOfPattern(node.param ?? null));
        if (node.param) this.#visitPattern(node.param, inside);
        return this.visit(node.body, inside);
      }
      case "VariableDeclarator":
        this.#visitPattern(node.id, scope);
        return this.#visitAll([node.init], scope);
      default:
        return this.#visitAll(childrenOf(node), scope);
    }
  }

  #visitFunction(node: FunctionNode | ArrowFunctionExpression, scope: Scope): void {
    const arrow = node.type === "ArrowFunctionExpression";
    // The name of a function expression holds inside it; that of a declaration is known to the block around.
    const named = node.type === "FunctionExpression" && node.id ? new Scope(scope, [node.id.name]) : scope;
    const parameters = node.params.flatMap(namesOfPattern);
    const outside = new Scope(
      named,
      arrow ? parameters : [...parameters, "arguments"],
      arrow ? scope.ownsThis : true,
    );
    for (const param of node.params) this.#visitPattern(param, outside);
    if (node.body.type !== "BlockStatement") return this.visit(node.body, outside);
    // Not visible to the defaults of the parameters, hence a scope of its own.
    const inside = new Scope(outside, [...lexicalNames(node.body.body), ...varNames(node.body)]);
    this.#visitAll(node.body.body, inside);
  }

  #visitClass(node: Class, scope: Scope): void {
    const inside = node.id ? new Scope(scope, [node.id.name]) : scope;
    this.#visitAll([node.superClass, ...node.body.body], inside);
  }

  /** Visits what a declaring pattern evaluates, defaults and computed keys, and not the names that it binds. */
  #visitPattern(pattern: Pattern, scope: Scope): void {
    switch (pattern.type) {
      case "ObjectPattern":
        for (const property of pattern.properties) {
          if (property.type === "RestElement") {
            this.#visitPattern(property.argument, scope);
          } else {
            if (property.computed) this.visit(property.key, scope);
            this.#visitPattern(property.value, scope);
          }
        }
        return;
      case "ArrayPattern":
        for (const element of pattern.elements) if (element) this.#visitPattern(element, scope);
        return;
      case "AssignmentPattern":
        this.#visitPattern(pattern.left, scope);
        return this.visit(pattern.right, scope);
      case "RestElement":
        return this.#visitPattern(pattern.argument, scope);
    }
  }
}
