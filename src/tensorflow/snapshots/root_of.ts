import { InvalidArgumentError } from "../../base/mod.ts";

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;

/**
 * The directory on this machine that TensorFlow means by a path.
 *
 * @throws {InvalidArgumentError} for an empty path, and for one of another file system
 */
export function rootOf(path: string): string {
  const scheme = SCHEME.exec(path)?.[1].toLowerCase();
  if (scheme !== undefined && scheme !== "file") {
    throw new InvalidArgumentError(
      `Cannot save a tf.data snapshot at ${path}: this dispatcher writes to directories of its machine only, not to ` +
        `"${scheme}://"`,
    );
  }
  const local = scheme === undefined ? path : path.replace(/^file:\/\/(localhost(?=\/))?/i, "");
  const root = local.replace(/(?<=.)\/+$/, "");
  if (root !== "" && root !== "/") return root;
  throw new InvalidArgumentError(
    `Cannot save a tf.data snapshot at "${path}": the path must name a directory`,
  );
}
