import { type Clock, consoleLog, type Log, type Random, systemClock, systemRandom } from "../base/mod.ts";
import { type CodecSet, portableCodecs } from "../element/mod.ts";
import type { TfDataServiceReader } from "../executor/mod.ts";
import type { OpenStream } from "../rpc/mod.ts";
import { type FileSystem, portableFileSystem } from "../sources/mod.ts";

/** What the datasets of a program run on. */
export interface Environment {
  /** Opens the files that datasets name. */
  readonly files: FileSystem;
  /** Compress and decompress blocks. */
  readonly codecs: CodecSet;
  /** Bundles the local module of a `udf()`; without it such modules cannot be sent to a service. */
  readonly bundle?: (url: string) => Promise<{ hash: string; code: string }>;
  /** Reaches the service; the platform's by default. */
  readonly fetch?: typeof fetch;
  /** Opens streams of elements where it can do so better than `fetch`. */
  readonly openStream?: OpenStream;
  /** Reads stock tf.data services; without it such datasets cannot be read. */
  readonly tfDataService?: TfDataServiceReader;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const portable: Environment = {
  files: portableFileSystem,
  codecs: portableCodecs,
  clock: systemClock,
  random: systemRandom,
  log: consoleLog,
};

let installed = portable;

/**
 * Replaces parts of the environment for all datasets of this program, from the next iteration on. Doors that know
 * their platform call it when they are loaded. Disposing of the result puts back what was there before.
 */
export function installEnvironment(parts: Partial<Environment>): Disposable {
  const before = installed;
  installed = { ...before, ...parts };
  return { [Symbol.dispose]: () => void (installed = before) };
}

/** What is installed now; without a door's doing what any browser has. */
export function currentEnvironment(): Environment {
  return installed;
}
