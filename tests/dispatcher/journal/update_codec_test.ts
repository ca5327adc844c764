import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DataLossError } from "../../../src/base/mod.ts";
import type { Update } from "../../../src/dispatcher/core/updates.ts";
import { decodeUpdates, encodeUpdates, UPDATE_KINDS } from "../../../src/dispatcher/journal/update_codec.ts";
import { SAMPLES } from "../journal_contract.ts";
import { arbitraryUpdate } from "./arbitrary_update.ts";

function roundTrip(updates: readonly Update[]): Update[] {
  const graphs = new Map(
    updates.flatMap((update) =>
      update.type === "registerDataset" ? [[update.fingerprint, update.graph]] : []
    ),
  );
  return decodeUpdates(encodeUpdates(updates)).updates((fingerprint) => graphs.get(fingerprint)!);
}

Deno.test("any update comes back as it was", () => {
  fc.assert(
    fc.property(arbitraryUpdate, (update) => assertEquals(roundTrip([update]), [structuredClone(update)])),
    { numRuns: 1_000 },
  );
});

Deno.test("the samples hold one update of each kind", () => {
  assertEquals(SAMPLES.map(({ type }) => type).sort(), [...UPDATE_KINDS].sort());
  assertEquals(roundTrip(SAMPLES), [...SAMPLES]);
});

Deno.test("records that follow one another are the record of both", () => {
  const [first, second] = [SAMPLES.slice(1, 4), SAMPLES.slice(4)];
  const bytes = new Uint8Array([...encodeUpdates(first), ...encodeUpdates(second)]);
  assertEquals(decodeUpdates(bytes).updates(() => new Uint8Array()), [...first, ...second]);
});

Deno.test("a definition is named with its length and checksum, and not kept", () => {
  const bytes = encodeUpdates([SAMPLES[0]]);
  assertEquals(decodeUpdates(bytes).definitions, [{ fingerprint: "abc", bytes: 4, crc32c: 0xf01a361c }]);
});

Deno.test("what is no record is refused", () => {
  const none = () => new Uint8Array();
  assertThrows(() => decodeUpdates(new Uint8Array([255, 255])), DataLossError, "Failed to parse");
  // An update without a kind, and one of a kind that a later version may know.
  assertThrows(
    () => decodeUpdates(new Uint8Array([10, 0])).updates(none),
    DataLossError,
    "Update type not set",
  );
  const unknown = new Uint8Array([10, 4, 0xfa, 0x3f, 1, 0]);
  assertThrows(() => decodeUpdates(unknown).updates(none), DataLossError, "Update type not set");
});

Deno.test("any bytes are a record or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        decodeUpdates(bytes).updates(() => new Uint8Array());
      } catch (error) {
        if (!(error instanceof DataLossError)) throw error;
      }
    }),
    { numRuns: 2_000 },
  );
});
