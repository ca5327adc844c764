import { InvalidArgumentError } from "../../base/mod.ts";
import type { InlineFunction } from "../functions.ts";
import { type OuterReference, outerReferences } from "./outer_references.ts";
import { STANDARD_GLOBALS } from "./standard_globals.ts";
import { parseFunction } from "./syntax.ts";

const LONGEST_LINE = 80;

/**
 * Refuses a function that cannot run away from the code around it: one that uses outer variables, `super`,
 * `import.meta`, the `this` of an outer function or a relative import, and what is no plain function at all.
 *
 * @param where the operator, for the message
 * @throws {InvalidArgumentError} naming each outer variable and its line, and how to pass it
 */
export function checkFunction(ref: InlineFunction, where: string): void {
  const refuse = (problem: string): never => {
    throw new InvalidArgumentError(`Cannot ship the function of ${where}: it ${problem}`);
  };
  const syntax = parseFunction(ref.source);
  if (syntax.kind === "refused") {
    return refuse(`${syntax.problem}; pass an arrow function or a function expression`);
  }
  const outer = outerReferences(syntax.root)
    .filter(({ kind, name }) => kind !== "variable" || !STANDARD_GLOBALS.has(name));
  if (outer.length === 0) return;
  const show = (reference: OuterReference) => `"${reference.name}" (${placeOf(reference, ref.source)})`;

  const keyword = outer.find(({ kind }) => kind === "keyword");
  if (keyword) return refuse(`uses ${show(keyword)}, which belongs to the code around it`);
  const module = outer.find(({ kind }) => kind === "import");
  if (module) {
    return refuse(
      `imports ${show(module)}, which is relative to its file; put the function into a module and use udf()`,
    );
  }
  if (outer.some(({ name }) => name === "Dataset")) {
    const dataset = outer.find(({ name }) => name === "Dataset")!;
    return refuse(`uses the outer variable ${show(dataset)}; use context.Dataset instead`);
  }
  const names = outer.map(({ name }) => name);
  const [variables, pronoun] = names.length === 1 ? ["variable", "it"] : ["variables", "them"];
  refuse(
    `uses the outer ${variables} ${list(outer.map(show))}; pass ${pronoun} with { captures: { ${
      names.join(", ")
    } } } ` +
      `and read ${pronoun} as ${list(names.map((name) => `context.captures.${name}`))}`,
  );
}

function placeOf({ line }: OuterReference, source: string): string {
  const text = source.split(/\r\n|[\n\r\u2028\u2029]/)[line - 1].trim();
  return `line ${line}: "${text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE - 3)}...` : text}"`;
}

function list(items: readonly string[]): string {
  return items.length < 2
    ? items.join("")
    : `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}
