/**
 * A state as JSON and back. Maps, sets and bytes become objects with one key that begins with "$"; definitions,
 * which lie in files of their own, become their fingerprints. It goes by the values alone and knows no field, so
 * that it cannot forget one. No object of the state may be referred to twice: it would come back as two.
 */

import { DataLossError, FailedPreconditionError, InternalError, joinBytes } from "../../base/mod.ts";
import { createState, type DispatcherState, type StateView } from "../core/state.ts";
import { WatchedMap } from "../core/watched_map.ts";
import { type DefinitionInfo, definitionInfo } from "./definition_info.ts";
import type { Definitions } from "./update_codec.ts";

/** The state in the form of {@linkcode readState}, as UTF-8; takes what it needs before it returns. */
export function writeState(state: StateView): Uint8Array<ArrayBuffer> {
  return joinBytes([...new StateWriter(state).slices(Infinity)]);
}

/**
 * Writes a state down in slices, as it is when this is made, whatever becomes of it until the last slice: of what is
 * about to change before its turn, it keeps what there was.
 */
export class StateWriter {
  readonly #fingerprints = new Map<unknown, string>();
  readonly #definitions: [string, Uint8Array][];
  /** The fields by name: as text, or as what waits to be written. */
  readonly #fields: [string, string | [unknown, unknown][]][] = [];
  /** What was written before its turn. */
  readonly #early = new Map<unknown, string>();
  readonly #unwatch: (() => void)[] = [];
  #failure: { readonly error: unknown } | null = null;

  /** @throws {InternalError} for a number that cannot be written */
  constructor(state: StateView) {
    this.#definitions = [...state.definitions];
    for (const [fingerprint, graph] of this.#definitions) this.#fingerprints.set(graph, fingerprint);
    for (const [name, field] of Object.entries(state)) {
      this.#fields.push([name, field instanceof WatchedMap ? [...field.look()] : this.#write(field)]);
    }
    for (const field of Object.values(state)) {
      if (field instanceof WatchedMap) this.#unwatch.push(field.watch((value) => this.#writeEarly(value)));
    }
  }

  /**
   * The state's text, in slices that are little longer than `characters`. To be called once; whoever does not calls
   * {@linkcode StateWriter.stop}.
   */
  *slices(characters: number): Generator<Uint8Array<ArrayBuffer>, void, void> {
    const utf8 = new TextEncoder();
    try {
      let slice = "";
      for (const piece of this.#pieces()) {
        slice += piece;
        if (slice.length < characters) continue;
        yield utf8.encode(slice);
        slice = "";
      }
      yield utf8.encode(slice);
    } finally {
      this.stop();
    }
  }

  /** Keeps nothing any more of what is about to change. */
  stop(): void {
    for (const unwatch of this.#unwatch.splice(0)) unwatch();
    this.#early.clear();
  }

  *#pieces(): Generator<string, void, void> {
    yield '{"definitions":[';
    for (const [i, [fingerprint, graph]] of this.#definitions.entries()) {
      yield (i > 0 ? "," : "") + JSON.stringify(definitionInfo(fingerprint, graph));
    }
    yield '],"state":{';
    for (const [i, [name, field]] of this.#fields.entries()) {
      yield `${i > 0 ? "," : ""}${JSON.stringify(name)}:`;
      if (typeof field === "string") {
        yield field;
        continue;
      }
      yield '{"$map":[';
      for (const [j, [key, value]] of field.entries()) {
        const text = this.#early.get(value) ?? this.#write(value);
        if (this.#failure) throw this.#failure.error;
        yield `${j > 0 ? "," : ""}[${JSON.stringify(key)},${text}]`;
      }
      yield "]}";
    }
    yield "}}";
  }

  #write(value: unknown): string {
    return JSON.stringify(toPlain(value, this.#fingerprints));
  }

  #writeEarly(value: unknown): void {
    if (this.#early.has(value)) return;
    try {
      this.#early.set(value, this.#write(value));
    } catch (error) {
      // It is the snapshot's failure, not that of whoever wants the value.
      this.#failure ??= { error };
    }
  }
}

/** A state that waits for the definitions that it names. */
export interface DecodedState {
  readonly definitions: readonly DefinitionInfo[];
  /** @throws {FailedPreconditionError} if it is the state of another version of this program */
  state(definitions: Definitions): DispatcherState;
}

/** @throws {DataLossError} if `bytes` are not what {@linkcode writeState} gives */
export function readState(bytes: Uint8Array): DecodedState {
  let parsed: { definitions: DefinitionInfo[]; state: unknown };
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new DataLossError("Failed to parse a state", { cause: error });
  }
  return {
    definitions: parsed.definitions,
    state(definitions) {
      const read = fromPlain(parsed.state, definitions) as Record<string, unknown>;
      const state = createState();
      const expected = Object.keys(state).sort().join(", ");
      const actual = Object.keys(read).sort().join(", ");
      if (actual !== expected) {
        throw new FailedPreconditionError(
          `Cannot take over a state of another version: it has ${actual}; this program has ${expected}`,
        );
      }
      for (const [name, field] of Object.entries(state)) {
        if (field instanceof WatchedMap) read[name] = new WatchedMap(read[name] as Map<unknown, unknown>);
      }
      return Object.assign(state, read);
    },
  };
}

// These two walk a million values of a large state: loops, no closures.

function toPlain(value: unknown, fingerprints: ReadonlyMap<unknown, string>): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new InternalError(`Cannot write a state that holds ${value}`); // JSON has null for it.
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return toPlainList(value, fingerprints);
  if (value instanceof Map) {
    const entries: [unknown, unknown][] = [];
    for (const [key, entry] of value) entries.push([key, toPlain(entry, fingerprints)]);
    return { $map: entries };
  }
  if (value instanceof Set) return { $set: toPlainList(value, fingerprints) };
  if (value instanceof Uint8Array) {
    const fingerprint = fingerprints.get(value);
    return fingerprint === undefined ? { $bytes: toBase64(value) } : { $definition: fingerprint };
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const object: Record<string, unknown> = {};
  for (const key in fields) object[key] = toPlain(fields[key], fingerprints);
  return object;
}

function toPlainList(values: Iterable<unknown>, fingerprints: ReadonlyMap<unknown, string>): unknown[] {
  const list: unknown[] = [];
  for (const value of values) list.push(toPlain(value, fingerprints));
  return list;
}

function fromPlain(plain: unknown, definitions: Definitions): unknown {
  if (typeof plain !== "object" || plain === null) return plain;
  if (Array.isArray(plain)) return fromPlainList(plain, definitions);
  const fields = plain as Readonly<Record<string, unknown>>;
  if (fields.$map !== undefined) {
    const map = new Map<unknown, unknown>();
    for (const [key, entry] of fields.$map as [unknown, unknown][]) {
      map.set(key, fromPlain(entry, definitions));
    }
    return map;
  }
  if (fields.$set !== undefined) return new Set(fromPlainList(fields.$set as unknown[], definitions));
  if (fields.$bytes !== undefined) return fromBase64(fields.$bytes as string);
  if (fields.$definition !== undefined) return definitions(fields.$definition as string);
  const object: Record<string, unknown> = {};
  for (const key in fields) object[key] = fromPlain(fields[key], definitions);
  return object;
}

function fromPlainList(plain: readonly unknown[], definitions: Definitions): unknown[] {
  const list: unknown[] = [];
  for (const part of plain) list.push(fromPlain(part, definitions));
  return list;
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
