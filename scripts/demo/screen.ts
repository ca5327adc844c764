/** What the demo shows: lines, and on a terminal a bar below them that says how far an epoch is. */

import process from "node:process";
// @ts-types="@types/cli-progress"
import cliProgress from "cli-progress";

/** The bar, and what it stands in. */
interface Shown {
  readonly bars: cliProgress.MultiBar;
  readonly bar: cliProgress.SingleBar;
}

/** Writes lines that do not mix with the bar. */
export class Screen implements Disposable {
  #shown: Shown | null = null;
  readonly #warn = console.warn;

  /** Warnings that readers in this process write to the console become lines from now on. */
  constructor() {
    console.warn = (message: string) => this.error(message);
  }

  /** Writes a line to the standard output. */
  print(line: string): void {
    if (this.#shown) this.#shown.bars.log(`${line}\n`);
    else console.log(line);
  }

  /** Writes a line to the standard error. */
  error(line: string): void {
    // What is not on the terminal need not mind the bar.
    if (this.#shown && process.stderr.isTTY) this.#shown.bars.log(`${line}\n`);
    else console.error(line);
  }

  /** Shows a bar; `values` are those of {@linkcode Screen.move}. Does nothing where the output is no terminal. */
  begin(title: string, total: number): void {
    if (!process.stdout.isTTY) return;
    const bars = new cliProgress.MultiBar({
      format: `${title} |{bar}| {value}/{total} records, {rate} records/s, {eta_formatted} left, loss {loss}`,
      clearOnComplete: true,
      hideCursor: true,
      // A line that was written in its place must not leave it out until it changes.
      forceRedraw: true,
      // Whoever uses it ends it, however that comes.
      gracefulExit: false,
      stream: process.stdout,
    }, cliProgress.Presets.shades_classic);
    this.#shown = { bars, bar: bars.create(total, 0, { rate: "-", loss: "-" }) };
  }

  /** Moves the bar to `done` of `total` records. */
  move(done: number, total: number, rate: number, loss: number): void {
    if (!this.#shown) return;
    this.#shown.bar.setTotal(total);
    this.#shown.bar.update(done, { rate, loss: loss.toFixed(3) });
  }

  /** Takes the bar away. */
  end(): void {
    if (!this.#shown) return;
    this.#shown.bars.update(); // Writes the lines that wait.
    this.#shown.bars.stop();
    this.#shown = null;
  }

  [Symbol.dispose](): void {
    this.end();
    console.warn = this.#warn;
  }
}
