import {
  type BlockProvenance,
  decodeProvenance,
  Ledger,
  ProvenanceWriter,
} from "../../../src/element/mod.ts";

/** The provenance of a block whose elements consumed one index each, from `first` on. */
export function indexes(first: number, count: number): BlockProvenance {
  const ledger = new Ledger();
  const writer = new ProvenanceWriter(ledger);
  const pass = { source: 0, repetition: 0 };
  for (let index = first; index < first + count; index++) {
    ledger.add(pass, index);
    writer.mark();
  }
  return decodeProvenance(writer.finish(), count);
}
