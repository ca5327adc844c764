/** One line on standard error that is written over; nothing where that is no terminal. */

/** Shows what is being done. */
export class Progress {
  readonly #terminal = Deno.stderr.isTerminal();

  show(text: string): void {
    this.#write(`\r\x1b[K${text}`);
  }

  clear(): void {
    this.#write("\r\x1b[K");
  }

  #write(text: string): void {
    if (this.#terminal) Deno.stderr.writeSync(new TextEncoder().encode(text));
  }
}
