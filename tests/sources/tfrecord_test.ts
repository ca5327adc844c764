import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DataLossError, joinBytes, maskedCrc32c, ResourceExhaustedError } from "../../src/base/mod.ts";
import { Origin } from "../../src/sources/origin.ts";
import { TfrecordDecoder, tfrecordFrame } from "../../src/sources/tfrecord.ts";
import { areDataLoss, cuts, decodeAll, type Decoded, utf8 } from "./helpers.ts";

function decode(chunks: readonly Uint8Array<ArrayBuffer>[], maxRecordBytes = 1_000_000): Decoded {
  return decodeAll(new TfrecordDecoder(new Origin("a.tfrecord", false), { maxRecordBytes }), chunks);
}

const RECORDS = [utf8("first"), new Uint8Array(0), utf8("a longer record")];
const FILE = joinBytes(RECORDS.map(tfrecordFrame));
/** Offsets of the records, and of the end. */
const BOUNDARIES = [0, 21, 37, 68];

Deno.test("a frame has the bytes that the format prescribes", () => {
  // Computed apart from this code, with a CRC that goes bit by bit.
  assertEquals(tfrecordFrame(utf8("a")).toHex(), "0100000000000000" + "0175de41" + "61" + "786ee428");
});

Deno.test("records come back as they were written, wherever the bytes are cut", () => {
  const records = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  const files = records.chain((records) =>
    fc.tuple(fc.constant(records), cuts(joinBytes(records.map(tfrecordFrame))))
  );
  fc.assert(fc.property(files, ([records, chunks]) => {
    assertEquals(decode(chunks), { records, errors: [] });
  }));
});

Deno.test("a record that lies in one chunk is a view over it", () => {
  const { records } = decode([FILE]);
  assertEquals(records, RECORDS);
  assert(records.every((record) => (record as Uint8Array).buffer === FILE.buffer));
});

Deno.test("a file that is cut off gives the records before, then an error that names the offset", () => {
  for (let length = 0; length <= FILE.length; length++) {
    const { records, errors } = decode([FILE.slice(0, length)]);
    const whole = BOUNDARIES.findLastIndex((boundary) => boundary <= length);
    assertEquals(records, RECORDS.slice(0, whole));
    assertEquals(errors.length, BOUNDARIES[whole] === length ? 0 : 1, `cut off at ${length}`);
    assert(areDataLoss(errors));
    if (errors.length) {
      assert(
        errors[0].message.startsWith(
          `Cannot read record ${whole} of "a.tfrecord" at byte ${BOUNDARIES[whole]}: `,
        ),
      );
    }
  }
  assertEquals(
    decode([FILE.slice(0, 30)]).errors[0].message,
    'Cannot read record 1 of "a.tfrecord" at byte 21: the file ends in the middle of it: 9 bytes are there, its header has 12',
  );
  assertEquals(
    decode([FILE.slice(0, 60)]).errors[0].message,
    'Cannot read record 2 of "a.tfrecord" at byte 37: the file ends in the middle of it: 23 bytes are there, 31 belong to it',
  );
});

Deno.test("every flipped bit is found, and no record is given that was not written", () => {
  for (let bit = 0; bit < FILE.length * 8; bit++) {
    const damaged = FILE.slice();
    damaged[bit >> 3] ^= 1 << (bit & 7);
    const { records, errors } = decode([damaged]);
    assertEquals(errors.length, 1, `bit ${bit}`);
    assert(areDataLoss(errors));
    const hit = BOUNDARIES.findLastIndex((boundary) => boundary <= bit >> 3);
    const inHeader = (bit >> 3) - BOUNDARIES[hit] < 12;
    // Behind damaged data the next record is known, behind a damaged length it is not.
    assertEquals(records, RECORDS.filter((_, i) => i < hit || (i > hit && !inHeader)), `bit ${bit}`);
  }
});

Deno.test("a wrong checksum names record, offset, and both checksums", () => {
  const damaged = FILE.slice();
  damaged[50] ^= 1;
  const { errors } = decode([damaged]);
  assertEquals(errors[0].constructor, DataLossError);
  const stored = maskedCrc32c(RECORDS[2]);
  const computed = maskedCrc32c(damaged.subarray(49, 64));
  assertEquals(
    errors[0].message,
    `Cannot read record 2 of "a.tfrecord" at byte 37: checksum is ${stored}, computed ${computed}`,
  );
});

Deno.test("a huge length with a right checksum is refused, and nothing is allocated for it", () => {
  const header = new Uint8Array(12);
  const view = new DataView(header.buffer);
  view.setBigUint64(0, 1n << 62n, true);
  view.setUint32(8, maskedCrc32c(header.subarray(0, 8)), true);
  const { records, errors } = decode([FILE, header]);
  assertEquals(records, RECORDS);
  assertEquals(errors.map((error) => [error.constructor, error.message]), [[
    ResourceExhaustedError,
    'Cannot read record 3 of "a.tfrecord" at byte 68: it has 4611686018427388000 bytes, `maxRecordBytes` is 1000000',
  ]]);
});

Deno.test("the limit counts the data of a record", () => {
  assertEquals(decode([FILE], 15), { records: RECORDS, errors: [] });
  assertEquals(decode([FILE], 14).records, RECORDS.slice(0, 2));
});
