/** Strings: offsets in bytes, then their UTF-8 as one run. */

import type { ByteWriter } from "../byte_writer.ts";
import type { ElementSpec } from "../spec.ts";
import { type ColumnReader, type ColumnWriter, MISMATCH } from "./column.ts";
import { Offsets } from "./offsets.ts";
import type { RunReader } from "./run_reader.ts";

// Strings are encoded and decoded in groups: one call of the platform's codec for each string would cost more than
// all else. A joined group this long stays far below the longest string there is.
const LONGEST_JOIN = 1 << 20;

const encoder = new TextEncoder();

/** Gathers strings. */
export class StringColumn implements ColumnWriter {
  #strings: string[] = [];

  push(value: unknown): number {
    if (typeof value !== "string" || !value.isWellFormed()) return MISMATCH;
    this.#strings.push(value);
    return value.length + 4;
  }

  truncate(count: number): void {
    if (count < this.#strings.length) this.#strings.length = count;
  }

  spec(): ElementSpec {
    return { kind: "string" };
  }

  finish(out: ByteWriter): void {
    const strings = this.#strings;
    if (strings.length === 0) return;
    this.#strings = [];
    const offsets = new Offsets();
    const texts: Uint8Array<ArrayBuffer>[] = [];
    for (let from = 0, to = 0; from < strings.length; from = to) {
      let length = 0;
      do length += strings[to++].length; while (
        to < strings.length && length + strings[to].length <= LONGEST_JOIN
      );
      const text = encoder.encode(
        from === 0 && to === strings.length ? strings.join("") : strings.slice(from, to).join(""),
      );
      const ascii = text.length === length;
      for (let i = from; i < to; i++) offsets.push(ascii ? strings[i].length : utf8Length(strings[i]));
      texts.push(text);
    }
    offsets.finish(out);
    out.align(8);
    for (const text of texts) out.raw(text);
  }
}

/** Bytes of a well-formed string in UTF-8. */
function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // A surrogate is half of a pair of four bytes: two for each.
    if (code >= 0x80) length += code >= 0x800 && (code & 0xf800) !== 0xd800 ? 2 : 1;
  }
  return length;
}

// A string that the engine cuts out of a decoded group keeps the whole group in memory: small groups, so that a
// program which keeps one string in a thousand does not keep all of the data.
const GROUP_BYTES = 4_096;
const GROUP_STRINGS = 256;

/** Gives strings, which it decodes when they are asked for, in groups of neighbours. */
export class StringReader implements ColumnReader {
  readonly count: number;
  readonly #offsets: Uint32Array;
  readonly #text: Uint8Array;
  readonly #runs: RunReader;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** The decoded group: strings `#from` to `#to`, excluded. */
  #group = "";
  #from = 0;
  #to = 0;
  /** Where its strings begin and end in `#group`; null: at their offsets, as all of it is ASCII. */
  #starts: number[] | null = null;
  /** Where the group begins in the text. */
  #base = 0;

  /** Takes the runs of `count` strings. */
  constructor(count: number, runs: RunReader) {
    this.#offsets = runs.takeOffsets(count);
    this.#text = runs.takeBytes(this.#offsets[count]);
    this.#runs = runs;
    this.count = count;
  }

  get(index: number): string {
    if (index < this.#from || index >= this.#to) this.#decode(index);
    const starts = this.#starts;
    if (starts !== null) return this.#group.slice(starts[index - this.#from], starts[index - this.#from + 1]);
    return this.#group.slice(this.#offsets[index] - this.#base, this.#offsets[index + 1] - this.#base);
  }

  #decode(from: number): void {
    const offsets = this.#offsets;
    const base = offsets[from];
    const most = Math.min(this.count, from + GROUP_STRINGS);
    let to = from + 1;
    while (to < most && offsets[to + 1] - base <= GROUP_BYTES) to++;
    const bytes = this.#text.subarray(base, offsets[to]);
    try {
      this.#group = this.#decoder.decode(bytes);
    } catch {
      throw this.#runs.fail(`strings ${from} to ${to - 1} are not UTF-8`);
    }
    this.#starts = this.#group.length === bytes.length ? null : this.#findStarts(bytes, from, to);
    this.#base = base;
    this.#from = from;
    this.#to = to;
  }

  /** Where the strings begin in the decoded text: UTF-16 units, while offsets are bytes. */
  #findStarts(bytes: Uint8Array, from: number, to: number): number[] {
    const base = this.#offsets[from];
    const starts: number[] = [];
    let units = 0;
    let at = 0;
    for (let i = from; i <= to; i++) {
      for (const end = this.#offsets[i] - base; at < end; at++) {
        const byte = bytes[at];
        if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
      }
      if (at < bytes.length && (bytes[at] & 0xc0) === 0x80) {
        throw this.#runs.fail(`string ${i} begins within a character`);
      }
      starts.push(units);
    }
    return starts;
  }
}
