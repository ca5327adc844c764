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
      let length = strings[to++].length;
      while (to < strings.length && length + strings[to].length <= LONGEST_JOIN) {
        length += strings[to++].length;
      }
      const all = from === 0 && to === strings.length;
      const text = encoder.encode((all ? strings : strings.slice(from, to)).join(""));
      if (text.length === length) {
        for (let i = from; i < to; i++) offsets.push(strings[i].length);
      } else {
        pushLengths(offsets, strings, from, to, text);
      }
      texts.push(text);
    }
    offsets.finish(out);
    out.align(8);
    for (const text of texts) out.raw(text);
  }
}

/** Adds the lengths in UTF-8 of strings whose text is not all ASCII. Bytes are read faster than characters are. */
function pushLengths(
  offsets: Offsets,
  strings: readonly string[],
  from: number,
  to: number,
  text: Uint8Array,
): void {
  let at = 0;
  for (let i = from; i < to; i++) {
    const start = at;
    for (let units = strings[i].length; units > 0; units--) {
      const byte = text[at];
      if (byte < 0x80) at++;
      else if (byte < 0xe0) at += 2;
      else if (byte < 0xf0) at += 3;
      else {
        at += 4;
        units--; // Four bytes are a pair of surrogates.
      }
    }
    offsets.push(at - start);
  }
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
