/** Lines that a program says, and the processes that they name. */

/** Keeps lines, and who waits for one. */
export class WatchedLines {
  readonly lines: string[] = [];
  /** The processes of the demo's servers by name, as the lines tell them. */
  readonly pids = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #isOver = false;

  /** Takes a line. */
  readonly add = (line: string): void => {
    this.lines.push(line);
    const named = line.match(/^(dispatcher|worker \d+) at \S+ \(process (\d+)\)$/) ??
      line.match(/^(dispatcher|worker \d+) \(process \d+\) ended with \S+, started again: process (\d+)$/);
    if (named) this.pids.set(named[1], Number(named[2]));
    this.#wake();
  };

  /** Ends the waiting: there will be no more lines. */
  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** Resolves when what is looked for is there. @throws {Error} with all lines, if they end before */
  async until(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      if (this.#isOver) throw new Error(`It ended:\n${this.lines.join("\n")}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Kills servers at once, and resolves when all have been started again. */
  async killAndAwait(...names: string[]): Promise<void> {
    const killed = names.map((name) => this.kill(name));
    await this.until(() => names.every((name, i) => this.pids.get(name) !== killed[i]));
  }

  /** Kills a server; gives its process. */
  kill(name: string): number {
    const pid = this.pids.get(name)!;
    Deno.kill(pid, "SIGKILL");
    return pid;
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
