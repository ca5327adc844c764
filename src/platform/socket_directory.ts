/** A place for unix sockets. */

/** A directory of its own, which only this user may enter; made when the first path is asked for. */
export class SocketDirectory {
  #path: string | null = null;
  #count = 0;

  /** A path that was not given before; null where there can be none: on Windows, or for lack of a permission. */
  next(): string | null {
    if (Deno.build.os === "windows") return null;
    try {
      this.#path ??= Deno.makeTempDirSync({ prefix: "sluice-" });
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) return null;
      throw error;
    }
    return `${this.#path}/${this.#count++}.sock`;
  }

  /** Removes it with what is in it. Idempotent; does not throw. */
  remove(): void {
    if (this.#path === null) return;
    try {
      Deno.removeSync(this.#path, { recursive: true });
    } catch {
      // It stays behind among other temporary files.
    }
    this.#path = null;
  }
}
