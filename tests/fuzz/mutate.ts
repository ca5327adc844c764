import { joinBytes } from "../../src/base/mod.ts";
import fc from "fast-check";

/** How valid bytes are damaged. */
type Damage =
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "set"; readonly at: number; readonly value: number }
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "remove"; readonly at: number; readonly length: number }
  | { readonly kind: "repeat"; readonly at: number; readonly length: number };

const place = fc.nat(1_000_000);

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant("cut" as const), at: place }),
  // The values that lengths and counts take when they lie.
  fc.record({
    kind: fc.constant("set" as const),
    at: place,
    value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xfe, 0xff),
  }),
  fc.record({ kind: fc.constant("flip" as const), at: place, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant("insert" as const), at: place, bytes: fc.uint8Array({ maxLength: 12 }) }),
  fc.record({ kind: fc.constant("remove" as const), at: place, length: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant("repeat" as const), at: place, length: fc.integer({ min: 1, max: 40 }) }),
);

/** Bytes that were valid once, and bytes that never were. */
export function hostile(samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const damaged = fc.tuple(fc.constantFrom(...samples), fc.array(damage, { minLength: 1, maxLength: 4 }))
    .map(([sample, damages]) => damages.reduce(apply, sample.slice()));
  const random = fc.uint8Array({ maxLength: 64 }).map((bytes) => bytes.slice());
  return fc.oneof({ weight: 9, arbitrary: damaged }, { weight: 1, arbitrary: random });
}

function apply(bytes: Uint8Array<ArrayBuffer>, damage: Damage): Uint8Array<ArrayBuffer> {
  if (bytes.length === 0) return bytes;
  const at = damage.at % bytes.length;
  switch (damage.kind) {
    case "cut":
      return bytes.slice(0, at);
    case "set":
      bytes[at] = damage.value;
      return bytes;
    case "flip":
      bytes[at] ^= 1 << damage.bit;
      return bytes;
    case "insert":
      return joinBytes([bytes.subarray(0, at), damage.bytes, bytes.subarray(at)]);
    case "remove":
      return joinBytes([bytes.subarray(0, at), bytes.subarray(at + damage.length)]);
    case "repeat":
      return joinBytes([bytes.subarray(0, at), bytes.subarray(at, at + damage.length), bytes.subarray(at)]);
  }
}
