import type { BoundaryScanner } from "./block_cutter.ts";

const LINE_FEED = 10;
const QUOTE = 34;

/**
 * Finds the line feeds that end csv records: those outside quotes. A doubled quote within quotes closes and
 * opens them again at the same place, so counting quotes is enough.
 */
export class CsvRecordScanner implements BoundaryScanner {
  #quoted = false;

  scan(window: Uint8Array): number {
    let quoted = this.#quoted;
    let end = 0;
    for (let from = 0; from <= window.length;) {
      const quote = window.indexOf(QUOTE, from);
      const to = quote < 0 ? window.length : quote;
      const feed = quoted ? -1 : window.subarray(from, to).lastIndexOf(LINE_FEED);
      if (feed >= 0) end = from + feed + 1;
      if (quote < 0) break;
      quoted = !quoted;
      from = quote + 1;
    }
    // Behind a boundary the caller starts again with the bytes that follow it.
    this.#quoted = end === 0 && quoted;
    return end;
  }
}
