/**
 * Floor 6: everything that touches `Deno.*` or `node:`.
 *
 * @module
 */
export { bootId } from "./boot_id.ts";
export { createModuleBundler, type ModuleBundle, type ModuleBundler } from "./bundler.ts";
export { nodeCodecs } from "./codecs.ts";
export { denoDurableFiles } from "./durable_files.ts";
export { denoFileSystem } from "./files.ts";
export { graphFingerprint } from "./fingerprint.ts";
export { openOwnStream, ownStreams } from "./own_stream.ts";
export { denoJournalFiles } from "./journal_files.ts";
export { type HttpServer, listen, type ListenOptions } from "./serve.ts";
export { listenNear, type ListenNearOptions, type NearServer } from "./serve_near.ts";
export { untilSignalled } from "./signals.ts";
export { SocketDirectory } from "./socket_directory.ts";
export { splitLines } from "./split_lines.ts";
export { startSubprocess, subprocessEnvironment, type SubprocessOptions } from "./subprocess.ts";
