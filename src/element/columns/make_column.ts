/** The column that belongs to a spec, for writing and for reading. */

import { mapFields } from "../records.ts";
import type { ElementSpec } from "../spec.ts";
import { AnyColumn, AnyReader } from "./any_column.ts";
import { BigintColumn, readBigints } from "./bigint_column.ts";
import { BooleanColumn, BooleanReader } from "./boolean_column.ts";
import type { ColumnReader, ColumnWriter } from "./column.ts";
import { ConstantColumn, ConstantReader } from "./constant_column.ts";
import { ListColumn, ListReader } from "./list_column.ts";
import { NumberColumn, NumberReader } from "./number_column.ts";
import { RecordColumn, RecordReader } from "./record_column.ts";
import type { RunReader } from "./run_reader.ts";
import { StringColumn, StringReader } from "./string_column.ts";
import { TensorColumn } from "./tensor_column.ts";
import { readTensors } from "./tensor_reader.ts";
import { TupleColumn, TupleReader } from "./tuple_column.ts";
import { TypedArrayColumn, TypedArrayReader } from "./typed_array_column.ts";

/** An empty column that holds what `spec` describes. */
export function makeColumn(spec: ElementSpec): ColumnWriter {
  switch (spec.kind) {
    case "any":
      return new AnyColumn();
    case "null":
      return new ConstantColumn("null");
    case "number":
      return new NumberColumn();
    case "boolean":
      return new BooleanColumn();
    case "string":
      return new StringColumn();
    case "bigint":
      return new BigintColumn();
    case "typedArray":
      return new TypedArrayColumn(spec);
    case "tensor":
      return new TensorColumn(spec);
    case "tuple":
      return spec.items.length === 0
        ? new ConstantColumn("tuple")
        : new TupleColumn(spec.items.map(makeColumn));
    case "list":
      return new ListColumn(makeColumn(spec.item));
    case "record": {
      const keys = Object.keys(spec.fields);
      if (keys.length === 0) return new ConstantColumn("record");
      return new RecordColumn(keys, keys.map((key) => makeColumn(spec.fields[key])));
    }
  }
}

const EMPTY: ColumnReader = { count: 0, get: () => null };

/**
 * Takes the runs of a column of `count` values.
 *
 * @throws {DataLossError} if they are not there, or contradict themselves
 */
export function readColumn(spec: ElementSpec, count: number, runs: RunReader): ColumnReader {
  if (count === 0) return EMPTY;
  switch (spec.kind) {
    case "any":
      return new AnyReader(count, runs);
    case "null":
      return new ConstantReader("null", count, runs);
    case "number":
      return new NumberReader(count, runs);
    case "boolean":
      return new BooleanReader(count, runs);
    case "string":
      return new StringReader(count, runs);
    case "bigint":
      return readBigints(count, runs);
    case "typedArray":
      return new TypedArrayReader(spec, count, runs);
    case "tensor":
      return readTensors(spec, count, runs);
    case "tuple":
      if (spec.items.length === 0) return new ConstantReader("tuple", count, runs);
      return new TupleReader(spec.items.map((item) => readColumn(item, count, runs)), count);
    case "list": {
      const offsets = runs.takeOffsets(count);
      return new ListReader(offsets, readColumn(spec.item, offsets[count], runs));
    }
    case "record": {
      const fields = mapFields(spec.fields, (field) => readColumn(field, count, runs));
      const keys = Object.keys(fields);
      if (keys.length === 0) return new ConstantReader("record", count, runs);
      return new RecordReader(keys, keys.map((key) => fields[key]), count);
    }
  }
}
