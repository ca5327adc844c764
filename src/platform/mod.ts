/**
 * Floor 6: everything that touches `Deno.*` or `node:`.
 *
 * @module
 */
export { denoFileSystem } from "./files.ts";
