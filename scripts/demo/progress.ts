/** The progress of an epoch: a bar on a terminal, one line an epoch elsewhere. */

import process from "node:process";
// @ts-types="@types/cli-progress"
import cliProgress from "cli-progress";

/** Shows how far an epoch is. */
export class EpochProgress {
  readonly #bar: cliProgress.SingleBar | undefined;
  readonly #started = performance.now();
  readonly #title: string;
  #done = 0;

  /** Begins an epoch of `total` records. */
  constructor(title: string, total: number) {
    this.#title = title;
    if (!process.stdout.isTTY) return;
    this.#bar = new cliProgress.SingleBar({
      format: `${title} |{bar}| {value}/{total} records, {rate} records/s, {eta_formatted} left, loss {loss}`,
      clearOnComplete: true,
      hideCursor: true,
      stream: process.stdout,
    }, cliProgress.Presets.shades_classic);
    this.#bar.start(total, 0, { rate: "-", loss: "-" });
  }

  /** Goes on by `records`. */
  add(records: number, loss: number): void {
    this.#done += records;
    this.#bar?.increment(records, { rate: this.#rate(), loss: loss.toFixed(3) });
  }

  /** Ends the epoch with a line that stays. */
  end(loss: number): void {
    this.#bar?.stop();
    console.log(`${this.#title}: ${this.#done} records, ${this.#rate()} records/s, loss ${loss.toFixed(3)}`);
  }

  /** Takes an unfinished bar off the screen. */
  stop(): void {
    this.#bar?.stop();
  }

  #rate(): number {
    return Math.round(this.#done / ((performance.now() - this.#started) / 1000));
  }
}
