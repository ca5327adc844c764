/**
 * A state as JSON and back. Maps, sets and bytes become objects with one key that begins with "$"; definitions,
 * which lie in files of their own, become their fingerprints. It goes by the values alone and knows no field, so
 * that it cannot forget one.
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
  const plain = toPlain(state, fingerprints, new Set());
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

function toPlain(value: unknown, fingerprints: ReadonlyMap<unknown, string>, seen: Set<object>): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new InternalError(`Cannot write a state that holds ${value}`); // JSON has null for it.
  }
  if (typeof value !== "object" || value === null) return value;
  const fingerprint = fingerprints.get(value);
  if (fingerprint !== undefined) return { $definition: fingerprint };
  if (value instanceof Uint8Array) return { $bytes: toBase64(value) };
  // Two references to one thing would come back as two things, and updates would change one of them.
  if (seen.has(value)) throw new InternalError("Cannot write a state that refers to one object twice");
  seen.add(value);
  const plain = (part: unknown) => toPlain(part, fingerprints, seen);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return { $map: Array.from(value, ([key, entry]) => [key, plain(entry)]) };
  if (value instanceof Set) return { $set: Array.from(value, plain) };
  const object: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) object[key] = plain(field);
  return object;
}

function fromPlain(plain: unknown, definitions: Definitions): unknown {
  if (typeof plain !== "object" || plain === null) return plain;
  const read = (part: unknown) => fromPlain(part, definitions);
  if (Array.isArray(plain)) return plain.map(read);
  if ("$map" in plain) {
    return new Map((plain.$map as [unknown, unknown][]).map(([key, entry]) => [key, read(entry)]));
  }
  if ("$set" in plain) return new Set((plain.$set as unknown[]).map(read));
  if ("$bytes" in plain) return fromBase64(plain.$bytes as string);
  if ("$definition" in plain) return definitions(plain.$definition as string);
  const object: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(plain)) object[key] = read(field);
  return object;
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
