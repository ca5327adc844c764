/** `@std/assert` from its npm mirror, which ships no types: they are stated in `std_assert.d.ts` for what is used. */

// @ts-types="./std_assert.d.ts"
export * from "deno-std/assert/mod.js";
