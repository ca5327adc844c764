/** How a user's function stands in a graph: by its source, or by the module that exports it. */

import type { Element } from "../element/mod.ts";

/** A function shipped by its source text. */
export interface InlineFunction {
  /** Tells the two forms apart. */
  readonly kind: "inline";
  /** What `Function.prototype.toString` gave. */
  readonly source: string;
  /** Given to the function as `context.captures`; null: none. */
  readonly captures: Element;
  /** The function itself, where the graph was built: in-process runs call it. It does not travel. */
  readonly live?: UserFunction;
}

/** A function shipped by reference to a module. */
export interface ModuleFunction {
  /** Tells the two forms apart. */
  readonly kind: "module";
  /** Where the module was found: a `file:`, `http:`, `https:`, `npm:` or `data:` URL. */
  readonly url: string;
  /** Name of the export; `default` for the default one. */
  readonly exportName: string;
  /** As of an inline function. */
  readonly captures: Element;
  /** SHA-256 (hex) of the module's bundled code, which travels with the graph; null: imported by its URL. */
  readonly hash: string | null;
}

/** A reference to a user's function. */
export type FunctionRef = InlineFunction | ModuleFunction;

/**
 * A user's function, whatever it takes and gives.
 *
 * @example
 * ```ts
 * import { Dataset, type UserFunction } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const double: UserFunction = (x) => x * 2;
 * assertEquals(await Dataset.range(3).map(double).toArray(), [0, 2, 4]);
 * ```
 */
export type UserFunction = (
  // deno-lint-ignore no-explicit-any -- a user's function takes whatever its dataset holds
  ...args: any[]
  // deno-lint-ignore no-explicit-any -- and gives whatever it likes
) => any;
