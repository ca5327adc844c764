/**
 * `fast-check`, drawing the same cases in every run: a gate that fails by chance tells the author of a change about a
 * bug that is not in the change. `PROPERTY_SEED` draws other ones, a number or `random`: that is how bugs are looked for.
 */

import fc from "fast-check-unseeded";

const wish = Deno.env.get("PROPERTY_SEED") ?? "1";
if (wish !== "random") {
  const seed = Number(wish);
  if (!Number.isSafeInteger(seed)) {
    throw new TypeError(`PROPERTY_SEED must be an integer or "random", got "${wish}"`);
  }
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
}

export * from "fast-check-unseeded";
export default fc;
