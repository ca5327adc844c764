/** The service's processes: a dispatcher and its workers, each a process of its own. */

/** One server in a process of its own. */
export interface ServerProcess {
  readonly name: string;
  readonly pid: number;
  readonly address: string;
  readonly target: string;
}

/** Starts servers and ends them all. */
export class Processes implements AsyncDisposable {
  readonly #children: { name: string; child: Deno.ChildProcess }[] = [];
  #ending = false;
  readonly #lost = Promise.withResolvers<never>();

  constructor() {
    this.#lost.promise.catch(() => {}); // Nobody may be looking when a process is lost.
  }

  /** Rejects when a server ends that nobody has ended. */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  /** Starts a script of `scripts/` and resolves when it says that it serves. */
  async start(name: string, script: string, ...args: string[]): Promise<ServerProcess> {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--allow-all",
        "--quiet",
        new URL(`../${script}`, import.meta.url).href,
        "--json",
        ...args,
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#children.push({ name, child });
    child.status.then(({ code, signal }) => {
      if (!this.#ending) this.#lost.reject(new Error(`The ${name} ended: ${signal ?? `status ${code}`}`));
    });
    const { value } = await child.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
    if (value === undefined) throw new Error(`The ${name} did not start`);
    return { name, pid: child.pid, ...JSON.parse(value) as { target: string; address: string } };
  }

  /** Ends every process, the workers before the dispatcher, and waits for them. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true;
    for (const { child } of this.#children.reverse()) {
      try {
        child.kill("SIGTERM");
      } catch {
        // It has ended already.
      }
      await child.status;
      await child.stdout.cancel().catch(() => {}); // Locked by the reader of its first line.
    }
  }
}
