/** The text form of flat protobuf messages, as far as the files of a snapshot use it. */

import { DataLossError } from "../../base/mod.ts";

/** Bytes are written as strings with escapes; a number as the name of an enum's value. */
export type TextField = readonly [name: string, value: string | Uint8Array | { readonly enumName: string }];

/** Fields with an empty value are left out, as unset fields are. */
export function writeTextProto(fields: readonly TextField[]): Uint8Array<ArrayBuffer> {
  const lines = fields.map(([name, value]) => {
    if (value instanceof Uint8Array || typeof value === "string") {
      const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
      return bytes.length === 0 ? "" : `${name}: "${escapeBytes(bytes)}"\n`;
    }
    return `${name}: ${value.enumName}\n`;
  });
  return new TextEncoder().encode(lines.join(""));
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  '"': '\\"',
  "'": "\\'",
  "\\": "\\\\",
};

function escapeBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (ESCAPES[character] !== undefined) text += ESCAPES[character];
    else if (byte >= 0x20 && byte < 0x7f) text += character;
    else text += `\\${byte.toString(8).padStart(3, "0")}`;
  }
  return text;
}

const FIELD = /\s*([A-Za-z_]\w*)\s*:\s*(?:"((?:[^"\\]|\\.)*)"|([A-Za-z_]\w*))\s*/y;

/**
 * The fields of a message that {@linkcode writeTextProto} wrote: strings as their bytes.
 *
 * @throws {DataLossError} for anything else, naming `file`
 */
export function readTextProto(file: string, bytes: Uint8Array): Map<string, Uint8Array> {
  const text = new TextDecoder("latin1").decode(bytes);
  const fields = new Map<string, Uint8Array>();
  FIELD.lastIndex = 0;
  for (let at = 0; at < text.length; at = FIELD.lastIndex) {
    const match = FIELD.exec(text);
    if (!match) throw new DataLossError(`Cannot parse ${file}: it is damaged at offset ${at}`);
    fields.set(match[1], unescapeBytes(match[2] ?? match[3]));
  }
  return fields;
}

const SINGLES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, '"': 34, "'": 39, "\\": 92 };

function unescapeBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (const [whole, octal, single] of text.matchAll(/\\([0-7]{1,3})|\\(.)|[^]/g)) {
    if (octal !== undefined) bytes.push(parseInt(octal, 8) & 0xff);
    else if (single !== undefined) bytes.push(SINGLES[single] ?? single.charCodeAt(0));
    else bytes.push(whole.charCodeAt(0));
  }
  return new Uint8Array(bytes);
}
