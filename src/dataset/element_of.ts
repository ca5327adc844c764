import type { Dataset } from "./dataset.ts";

/**
 * The type of a dataset's elements.
 *
 * @example
 * ```ts
 * import { Dataset, type ElementOf } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const names = Dataset.fromArray(["ada", "emmy"]);
 * const first: ElementOf<typeof names> = (await names.take(1).toArray())[0];
 * assertEquals(first, "ada");
 * ```
 */
export type ElementOf<D> = D extends Dataset<infer T> ? T : never;
