import { assertNever } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import type { ElementIterator } from "./iterator.ts";
import * as operators from "./operators/mod.ts";
import type { Place } from "./place.ts";

/** Builds the operator at `place`. */
export function build(place: Place): ElementIterator<Element> {
  const { node } = place.planned;
  switch (node.op) {
    case "range":
      return operators.range(node, place);
    case "fromArray":
      return operators.fromArray(node, place);
    case "fromTensorSlices":
      return operators.fromTensorSlices(node, place);
    case "fromGenerator":
      return operators.fromGenerator(node, place);
    case "random":
      return operators.random(node, place);
    case "listFiles":
      return operators.listFiles(node, place);
    case "readFiles":
      return operators.readFiles(node, place);
    case "dataService":
      return operators.dataService(node, place);
    case "tfDataService":
      return operators.tfDataService(node, place);
    case "map":
      return operators.map(node, place);
    case "filter":
      return operators.filter(node, place);
    case "flatMap":
      return operators.flatMap(node, place);
    case "interleave":
      return operators.interleave(node, place);
    case "batch":
      return operators.batch(node, place);
    case "paddedBatch":
      return operators.paddedBatch(node, place);
    case "unbatch":
      return operators.unbatch(node, place);
    case "rebatch":
      return operators.rebatch(node, place);
    case "shuffle":
      return operators.shuffle(node, place);
    case "repeat":
      return operators.repeat(node, place);
    case "take":
      return operators.take(node, place);
    case "skip":
      return operators.skip(node, place);
    case "shard":
      return operators.shard(node, place);
    case "prefetch":
      return operators.prefetch(node, place);
    case "cache":
      return operators.cache(node, place);
    case "enumerate":
      return operators.enumerate(node, place);
    case "takeWhile":
      return operators.takeWhile(node, place);
    case "window":
      return operators.window(node, place);
    case "scan":
      return operators.scan(node, place);
    case "concatenate":
      return operators.concatenate(node, place);
    case "zip":
      return operators.zip(node, place);
    case "sampleFromDatasets":
      return operators.sampleFromDatasets(node, place);
    case "chooseFromDatasets":
      return operators.chooseFromDatasets(node, place);
    case "groupByWindow":
      return operators.groupByWindow(node, place);
    case "bucketBySequenceLength":
      return operators.bucketBySequenceLength(node, place);
    case "ignoreErrors":
      return operators.ignoreErrors(node, place);
    case "options":
      return operators.options(node, place);
    default:
      return assertNever(node);
  }
}
