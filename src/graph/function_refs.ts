/** Making and checking function references. */

import { checkFunction, checkString, InvalidArgumentError, show } from "../base/mod.ts";
import { checkElement, copyElement, type Element } from "../element/mod.ts";
import type { FunctionRef, InlineFunction, ModuleFunction, UserFunction } from "./functions.ts";

const PROTOCOLS = ["file:", "http:", "https:", "npm:", "jsr:", "data:"];

/**
 * A reference to a function by its source text, with the function itself for runs in this process.
 * Whether it can travel shows when the graph is serialised, so that local pipelines may use outer variables.
 *
 * @param fn the user's function
 * @param captures given to it as `context.captures`; copied now, so that later changes do not reach it
 * @throws {InvalidArgumentError} if `fn` is no function, or `captures` no element
 */
export function inlineFunction(fn: unknown, captures?: unknown): InlineFunction {
  checkFunction("fn", fn);
  const live = fn as UserFunction;
  return Object.freeze({
    kind: "inline",
    source: Function.prototype.toString.call(live),
    captures: copyCaptures(captures),
    live,
  });
}

/**
 * A reference to a function by its module and export name.
 *
 * @param url absolute, as `import.meta.resolve("./preprocess.ts")` gives it
 * @param exportName name of the export; `default` for the default export
 * @param captures given to the function as `context.captures`; copied now
 * @throws {InvalidArgumentError} if the URL is not absolute or of another protocol, or `captures` is no element
 */
export function moduleFunction(url: string, exportName: string, captures?: unknown): ModuleFunction {
  checkString("moduleUrl", url);
  checkString("exportName", exportName);
  // Not URL.parse: Node 20 lacks it.
  if (!URL.canParse(url) || !PROTOCOLS.includes(new URL(url).protocol)) {
    throw new InvalidArgumentError(
      `\`moduleUrl\` must be an absolute URL, such as import.meta.resolve("./preprocess.ts") gives, got ${
        show(url)
      }`,
    );
  }
  return Object.freeze({ kind: "module", url, exportName, captures: copyCaptures(captures), hash: null });
}

/** Throws an InvalidArgumentError with the attribute's name if `value` is no function reference. */
export function checkFunctionRef(name: string, value: unknown): asserts value is FunctionRef {
  const ref = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  switch (ref.kind) {
    case "inline":
      checkString(`${name}.source`, ref.source);
      if (ref.live !== undefined) checkFunction(`${name}.live`, ref.live);
      checkRefKeys(name, ref, ["kind", "source", "captures", "live"]);
      break;
    case "module":
      checkString(`${name}.url`, ref.url);
      checkString(`${name}.exportName`, ref.exportName);
      if (ref.hash !== null && !(typeof ref.hash === "string" && /^[0-9a-f]{64}$/.test(ref.hash))) {
        throw new InvalidArgumentError(
          `\`${name}.hash\` must be null or SHA-256 in hex, got ${show(ref.hash)}`,
        );
      }
      checkRefKeys(name, ref, ["kind", "url", "exportName", "captures", "hash"]);
      break;
    default:
      throw new InvalidArgumentError(`\`${name}\` must be a function, got ${show(value)}`);
  }
  checkElement(ref.captures, `\`${name}.captures\``);
}

function checkRefKeys(name: string, ref: object, known: readonly string[]): void {
  const stranger = Object.keys(ref).find((key) => !known.includes(key));
  if (stranger !== undefined) throw new InvalidArgumentError(`\`${name}\` has no field "${stranger}"`);
}

function copyCaptures(captures: unknown): Element {
  if (captures === undefined || captures === null) return null;
  checkElement(captures, "`captures`");
  return copyElement(captures);
}
