/**
 * Floor 6: everything that touches `Deno.*` or `node:`.
 *
 * @module
 */
export { createModuleBundler, type ModuleBundle, type ModuleBundler } from "./bundler.ts";
export { nodeCodecs } from "./codecs.ts";
export { denoFileSystem } from "./files.ts";
export { denoJournalFiles } from "./journal_files.ts";
export { type HttpServer, listen, type ListenOptions } from "./serve.ts";
export { untilSignalled } from "./signals.ts";
