import { checkKeys, checkString, FailedPreconditionError } from "../base/mod.ts";
import {
  type FunctionRef,
  inlineFunction,
  type ModuleFunction,
  moduleFunction,
  type UserFunction,
} from "../graph/mod.ts";
import type { CaptureOptions } from "./function_context.ts";

const references = new WeakMap<UserFunction, ModuleFunction>();

/**
 * A function by reference: the worker imports it from its module. Unlike an inline function it may use imports
 * (`npm:` packages, too), the module's variables and other functions. A module with a `file:` URL is bundled with
 * the local modules it imports, and travels with the dataset; modules of other URLs are imported from there.
 *
 * The result stands wherever a dataset takes a function. It cannot be called directly.
 *
 * @param moduleUrl absolute URL of the module, of the schemes `file:`, `http:`, `https:`, `npm:` or `data:`; for a
 * neighbour of the calling module `import.meta.resolve("./preprocess.ts")`
 * @param exportName name of the exported function, `"default"` for the default export. That it exists is found out
 * when the dataset is read: the reader then throws a `NotFoundError`
 * @param options values for the function, as `captures`
 * @throws {InvalidArgumentError} if an argument is not valid
 *
 * @example
 * ```ts
 * import { Dataset, udf } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * // Usually: udf<typeof import("./preprocess.ts"), "double">(import.meta.resolve("./preprocess.ts"), "double")
 * const double = udf<{ double(x: number): number }, "double">(
 *   "data:text/javascript,export const double = (x) => x * 2;",
 *   "double",
 * );
 * assertEquals(await Dataset.range(3).map(double).toArray(), [0, 2, 4]);
 * ```
 */
export function udf<M = Record<string, UserFunction>, K extends keyof M = keyof M>(
  moduleUrl: string,
  exportName: K,
  options: CaptureOptions = {},
): M[K] {
  checkKeys("options", options, ["captures"]);
  checkString("moduleUrl", moduleUrl);
  const reference = moduleFunction(moduleUrl, checkString("exportName", exportName), options.captures);
  // Typed as what it stands for: only the operators that take it know that it is a reference.
  const standIn: UserFunction = () => {
    throw new FailedPreconditionError(
      `Cannot call "${reference.exportName}" of "${moduleUrl}" directly: it is a reference for operators such as map`,
    );
  };
  references.set(standIn, reference);
  return standIn as M[K];
}

/**
 * How `fn`, which a user gave to an operator, stands in the graph. The operator's `captures` go before those of
 * `udf()`.
 *
 * @throws {InvalidArgumentError} if `fn` is no function or `captures` are no element
 */
export function functionRef(fn: unknown, captures: unknown): FunctionRef {
  const reference = references.get(fn as UserFunction);
  if (reference === undefined) return inlineFunction(fn, captures);
  return captures === undefined ? reference : moduleFunction(reference.url, reference.exportName, captures);
}
