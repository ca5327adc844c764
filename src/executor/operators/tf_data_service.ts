import { FailedPreconditionError } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { TfDataServiceNode } from "../../graph/mod.ts";
import type { ElementIterator } from "../iterator.ts";
import type { Place } from "../place.ts";
import { Lazy } from "./lazy.ts";

/** Builds `tfDataService`: the reader that the execution was given. */
export function tfDataService(node: TfDataServiceNode, place: Place): ElementIterator<Element> {
  return new Lazy(() => open(node, place));
}

function open(node: TfDataServiceNode, { context, run: { signal } }: Place): ElementIterator<Element> {
  if (context.tfDataService) return context.tfDataService(node, { signal });
  throw new FailedPreconditionError(
    "Cannot read a tf.data service here: its protocol is gRPC, which needs HTTP/2 with trailers, and web pages have " +
      'no such thing. In Deno, Node and Bun take Dataset from the main module, or from its door "tensorflow"',
  );
}
