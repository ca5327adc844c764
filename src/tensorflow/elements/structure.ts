/** How TensorFlow's elements become Sluice's: the structure that flat tensors are put into. */

import { fromBinary } from "@bufbuild/protobuf";
import { DataLossError, InvalidArgumentError, messageOf, SluiceError } from "../../base/mod.ts";
import type { Element, ElementSpec } from "../../element/mod.ts";
import { type StructuredValue, StructuredValueSchema } from "../../gen/tensorflow/struct_pb.ts";
import { TypeSpecProto_TypeSpecClass as TypeSpecClass } from "../../gen/tensorflow/struct_pb.ts";
import { compareKeys } from "./compare_keys.ts";
import { fieldPlace, placeName } from "./layout.ts";

/** A structure of tensors, which come in its order. */
export type Structure =
  /** One tensor, as what `as` says; `any`: as is natural for its type and rank. */
  | { readonly kind: "tensor"; readonly as: ElementSpec; readonly place: string }
  | { readonly kind: "tuple"; readonly items: readonly Structure[] }
  | { readonly kind: "record"; readonly fields: readonly (readonly [key: string, structure: Structure])[] }
  /** Takes no tensor. */
  | { readonly kind: "none" };

// A spec that is deeper was not made by a program that means well.
const MAX_DEPTH = 64;

/**
 * The structure that a dispatcher names. Dictionaries and named tuples are records, lists and tuples arrays.
 *
 * @throws {SluiceError} with code `unimplemented` for what is no dense or ragged tensor, naming the place
 * @throws {DataLossError} if the bytes are no spec
 */
export function readElementSpec(bytes: Uint8Array): Structure {
  let value: StructuredValue;
  try {
    value = fromBinary(StructuredValueSchema, bytes);
  } catch (error) {
    throw new DataLossError(`Cannot read the element spec: ${messageOf(error)}`, { cause: error });
  }
  return structureOf(value, "", 0);
}

/**
 * The structure of elements of a spec of Sluice's: what the reader of a service asks for.
 *
 * @throws {InvalidArgumentError} if no tensor can be that, naming the place
 */
export function structureOfSpec(spec: ElementSpec, place = ""): Structure {
  switch (spec.kind) {
    case "tuple":
      return {
        kind: "tuple",
        items: spec.items.map((item, i) => structureOfSpec(item, `${place}[${i}]`)),
      };
    case "record": {
      const keys = Object.keys(spec.fields).sort(compareKeys);
      return {
        kind: "record",
        fields: keys.map((key) => [key, structureOfSpec(spec.fields[key], fieldPlace(place, key))]),
      };
    }
    case "null":
      return { kind: "none" };
    default:
      checkItem(spec, place);
      return { kind: "tensor", as: spec, place };
  }
}

/** How many tensors the structure takes. */
export function countComponents(structure: Structure): number {
  switch (structure.kind) {
    case "tensor":
      return 1;
    case "tuple":
      return structure.items.reduce((sum, item) => sum + countComponents(item), 0);
    case "record":
      return structure.fields.reduce((sum, [, field]) => sum + countComponents(field), 0);
    case "none":
      return 0;
  }
}

/**
 * Puts parts into the structure; `read` makes a place's value of the part with that index.
 *
 * @throws {InvalidArgumentError} if there are more or fewer parts than places
 */
export function assemble(
  structure: Structure,
  count: number,
  read: (index: number, place: { readonly as: ElementSpec; readonly place: string }) => Element,
): Element {
  const expected = countComponents(structure);
  if (count !== expected) {
    throw new InvalidArgumentError(`Expected ${expected} components but got ${count}: check \`elementSpec\``);
  }
  let index = 0;
  const at = (part: Structure): Element => {
    switch (part.kind) {
      case "tensor":
        return read(index++, part);
      case "tuple":
        return part.items.map(at);
      case "record":
        return Object.fromEntries(part.fields.map(([key, field]) => [key, at(field)]));
      case "none":
        return null;
    }
  };
  return at(structure);
}

function checkItem(spec: ElementSpec, place: string): void {
  if (spec.kind === "list") return checkItem(spec.item, place);
  if (spec.kind === "tuple" || spec.kind === "record" || spec.kind === "null") {
    throw new InvalidArgumentError(
      `\`elementSpec\` cannot have a list of kind "${spec.kind}" at ${
        placeName(place)
      }: a list is an axis of a tensor`,
    );
  }
}

function structureOf({ kind }: StructuredValue, place: string, depth: number): Structure {
  if (depth > MAX_DEPTH) throw new DataLossError(`The element spec is over ${MAX_DEPTH} levels deep`);
  switch (kind.case) {
    case "tensorSpecValue":
    case "boundedTensorSpecValue":
      return { kind: "tensor", as: { kind: "any" }, place };
    case "typeSpecValue": {
      const { typeSpecClass, numFlatComponents } = kind.value;
      if (typeSpecClass === TypeSpecClass.RAGGED_TENSOR_SPEC) {
        return { kind: "tensor", as: { kind: "any" }, place };
      }
      const name = TypeSpecClass[typeSpecClass]?.toLowerCase() ?? String(typeSpecClass);
      throw new SluiceError(
        `Cannot read ${
          placeName(place)
        } of the tf.data service: it is of type ${name} (${numFlatComponents} ` +
          "components), and dense and ragged tensors alone are supported",
        { code: "unimplemented" },
      );
    }
    case "noneValue":
      return { kind: "none" };
    case "tupleValue":
    case "listValue":
      return {
        kind: "tuple",
        items: kind.value.values.map((item, i) => structureOf(item, `${place}[${i}]`, depth + 1)),
      };
    case "dictValue": {
      const fields = Object.entries(kind.value.fields).sort(([a], [b]) => compareKeys(a, b));
      return record(fields.map(([key, value]) => [key, value]), place, depth);
    }
    case "namedTupleValue":
      return record(kind.value.values.map(({ key, value }) => [key, value]), place, depth);
    default:
      throw new SluiceError(
        `Cannot read ${placeName(place)} of the tf.data service: its spec is a ${kind.case ?? "nothing"}`,
        { code: "unimplemented" },
      );
  }
}

function record(
  fields: readonly (readonly [string, StructuredValue | undefined])[],
  place: string,
  depth: number,
): Structure {
  return {
    kind: "record",
    fields: fields.map(([key, value]) => {
      if (!value) {
        throw new DataLossError(`The element spec has no value at ${placeName(fieldPlace(place, key))}`);
      }
      return [key, structureOf(value, fieldPlace(place, key), depth + 1)];
    }),
  };
}
