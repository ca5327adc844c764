/**
 * A state as JSON and back. Maps, sets and bytes become objects with one key that begins with "$"; definitions,
 * which lie in files of their own, become their fingerprints. It goes by the values alone and knows no field, so
 * that it cannot forget one. No object of the state may be referred to twice: it would come back as two.
 */

import { DataLossError, FailedPreconditionError, InternalError } from "../../base/mod.ts";
import { createState, type DispatcherState, type StateView } from "../core/state.ts";
import { type DefinitionInfo, definitionInfo } from "./definition_info.ts";
import type { Definitions } from "./update_codec.ts";

/** The state in the form of {@linkcode readState}, as UTF-8; takes what it needs before it returns. */
export function writeState(state: StateView): Uint8Array<ArrayBuffer> {
  const fingerprints = new Map<unknown, string>();
  const definitions: DefinitionInfo[] = [];
  for (const [fingerprint, graph] of state.definitions) {
    fingerprints.set(graph, fingerprint);
    definitions.push(definitionInfo(fingerprint, graph));
  }
  const plain = toPlain(state, fingerprints);
  return new TextEncoder().encode(JSON.stringify({ definitions, state: plain }));
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
      const state = fromPlain(parsed.state, definitions) as DispatcherState;
      const expected = Object.keys(createState()).sort().join(", ");
      const actual = Object.keys(state).sort().join(", ");
      if (actual !== expected) {
        throw new FailedPreconditionError(
          `Cannot take over a state of another version: it has ${actual}; this program has ${expected}`,
        );
      }
      return state;
    },
  };
}

// These two walk a million values of a large state while nobody is served: loops, no closures.

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
