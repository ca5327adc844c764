import { type Node, parse } from "acorn";

/**
 * Replaces the specifiers of a module's imports, static ones and dynamic ones with a literal, by what `targets`
 * gives for them. Strings and comments that merely look like imports stay as they are.
 */
export function pinImports(code: string, targets: ReadonlyMap<string, string>): string {
  if (targets.size === 0) return code;
  const literals = importLiterals(parse(code, { ecmaVersion: "latest", sourceType: "module" }));
  let pinned = "";
  let end = 0;
  for (const literal of literals.sort((a, b) => a.start - b.start)) {
    const target = targets.get(literal.value);
    if (target === undefined) continue;
    pinned += code.slice(end, literal.start) + JSON.stringify(target);
    end = literal.end;
  }
  return pinned + code.slice(end);
}

interface StringLiteral extends Node {
  value: string;
}

const IMPORTING = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
]);

function importLiterals(program: Node): StringLiteral[] {
  const found: StringLiteral[] = [];
  const stack: unknown[] = [program]; // No recursion: bundles may nest deeper than the call stack.
  while (stack.length > 0) {
    const node = stack.pop();
    if (typeof node !== "object" || node === null) continue;
    const { type, source } = node as { type?: string; source?: Partial<StringLiteral> | null };
    if (IMPORTING.has(type ?? "") && typeof source?.value === "string") found.push(source as StringLiteral);
    for (const child of Object.values(node)) if (typeof child === "object") stack.push(child);
  }
  return found;
}
