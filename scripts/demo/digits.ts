/** The handwritten digits: 10,000 images of 28 x 28 grey pixels, each with the digit it shows. */

import { SeededRandom } from "../../src/base/mod.ts";
import { tfrecordFrame } from "../../src/sources/mod.ts";

/** Pixels of one image. */
export const PIXELS = 28 * 28;

/** Bytes of one record: its number as a little-endian uint32, the digit, the pixels. */
export const RECORD_BYTES = 4 + 1 + PIXELS;

/** Every digit as a record, in an order that mixes them. */
export async function loadRecords(): Promise<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for (let digit = 0; digit < 10; digit++) {
    const url = import.meta.resolve(`mnist/src/digits/${digit}.json`);
    const { data } = JSON.parse(await Deno.readTextFile(new URL(url))) as { data: number[] };
    // The first of some files is one image more than the 10,000: what is left over is cut off below.
    for (let start = 0; start + PIXELS <= data.length; start += PIXELS) {
      const record = new Uint8Array(RECORD_BYTES);
      record[4] = digit;
      for (let pixel = 0; pixel < PIXELS; pixel++) record[5 + pixel] = Math.round(data[start + pixel] * 255);
      records.push(record);
    }
  }
  const random = new SeededRandom(1);
  for (let last = records.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [records[last], records[other]] = [records[other], records[last]];
  }
  records.forEach((record, number) => new DataView(record.buffer).setUint32(0, number, true));
  return records;
}

/** Writes records to `shards` TFRecord files in `directory`, one after the other in turn. */
export async function writeShards(
  directory: string,
  records: readonly Uint8Array[],
  shards: number,
): Promise<void> {
  for (let shard = 0; shard < shards; shard++) {
    const name = `${directory}/train-${String(shard).padStart(2, "0")}-of-${
      String(shards).padStart(2, "0")
    }.tfrecord`;
    const file = await Deno.open(name, { write: true, createNew: true });
    const writer = file.writable.getWriter();
    for (let i = shard; i < records.length; i += shards) await writer.write(tfrecordFrame(records[i]));
    await writer.close();
  }
}
