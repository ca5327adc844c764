/** How a user's function stands in a graph: by its source, or by the module that exports it. */

import type { Element } from "../element/mod.ts";

/** A function shipped by its source text. */
export interface InlineFunction {
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
  readonly kind: "module";
  /** Where the module was found: a `file:`, `http:`, `https:`, `npm:` or `data:` URL. */
  readonly url: string;
  readonly exportName: string;
  readonly captures: Element;
  /** SHA-256 (hex) of the module's bundled code, which travels with the graph; null: imported by its URL. */
  readonly hash: string | null;
}

/** A user's function. */
export type FunctionRef = InlineFunction | ModuleFunction;

// deno-lint-ignore no-explicit-any -- a user's function takes and gives whatever its dataset holds
export type UserFunction = (...args: any[]) => any;
