import type { Element } from "../../element/mod.ts";
import type { DataServiceNode } from "../../graph/mod.ts";
import type { ServiceIterator } from "../context.ts";
import type { ElementIterator } from "../iterator.ts";
import { Numbered } from "../numbered.ts";
import { Lazy } from "./lazy.ts";
import type { Place } from "../place.ts";
import { SplitPass } from "../tracking.ts";

/** Builds `dataService`: the reader that the execution was given. */
export function dataService(node: DataServiceNode, place: Place): ElementIterator<Element> {
  const { tracking, pipeline: { settlement } } = place;
  if (!settlement || !tracking) return new Lazy(() => open(node, place));
  if (settlement.hasBegun(place.ordinal, place.pass)) place.run.resumed++;
  const pass = new SplitPass(place.ordinal, place.pass);
  return new Lazy(() => {
    const reader = open(node, place);
    // An element that could not be decoded has its number, too; a reader that fails has given nothing.
    const position = () => reader.position;
    return new Numbered(reader, { ledger: tracking.ledger, pass, first: reader.position, position });
  });
}

function open(node: DataServiceNode, { context, run, ordinal: at, pass }: Place): ServiceIterator {
  // What is read from a service is not split: another dispatcher divides it.
  const { splits: _splits, ledger: _ledger, settlement: _settlement, ...rest } = context;
  return context.dataService(node, { ...rest, signal: run.signal, at, pass });
}
