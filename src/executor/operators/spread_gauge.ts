import { byteSize, type Element } from "../../element/mod.ts";

// Calls are watched for this much of their own time before it is decided.
const WATCHED_MS = 20;

// What an element costs on its way to another thread and back, in this thread: its share of two messages, and its bytes.
const MS_AN_ELEMENT = 0.02;
const MS_A_BYTE = 1e-6;

// Below this the gain would not pay for the memory of a thread.
const WORTH_TIMES = 4;

// A batch is this much work: long against a message, short for whoever waits for its first result.
const BATCH_MS = 4;
const MOST_IN_BATCH = 256;
const MOST_BYTES_IN_BATCH = 1024 * 1024;

/** Watches the calls of a map, and says whether they are worth other threads and how many go at once. */
export class SpreadGauge {
  #ms = 0;
  #bytes = 0;
  #calls = 0;
  #decision: "none" | "stay" | "spread" = "none";

  /** What has been decided; `none`: not yet. */
  get decision(): "none" | "stay" | "spread" {
    return this.#decision;
  }

  /** A call in this thread has taken `ms` milliseconds for an element and given `value`. */
  called(ms: number, element: Element, value: unknown): void {
    this.#ms += ms;
    this.#calls++;
    if (this.#decision !== "none") return;
    this.#bytes += sizeOf(element) + sizeOf(value);
    if (this.#ms < WATCHED_MS && this.#calls < 1_000) return;
    const transfer = MS_AN_ELEMENT * this.#calls + MS_A_BYTE * this.#bytes;
    this.#decision = this.#ms >= WORTH_TIMES * transfer ? "spread" : "stay";
  }

  /** A call waits for something: that needs no thread. */
  waits(): void {
    this.#decision = "stay";
  }

  /** How many calls make a batch. */
  get batch(): number {
    const calls = this.#ms > 0 ? BATCH_MS * this.#calls / this.#ms : MOST_IN_BATCH;
    const bytes = Math.max(1, this.#bytes / this.#calls);
    return Math.max(1, Math.floor(Math.min(calls, MOST_IN_BATCH, MOST_BYTES_IN_BATCH / bytes)));
  }
}

function sizeOf(value: unknown): number {
  return typeof value === "object" && value !== null ? byteSize(value as Element) : 8;
}
