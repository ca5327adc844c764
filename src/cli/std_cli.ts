/** `@std/cli` from its npm mirror, which ships no types: they are stated here for what is used. */

// @ts-types="./std_cli.d.ts"
export { parseArgs } from "deno-std/cli/parse_args.js";
