/** TensorFlow's types of tensors and Sluice's. */

import { type DType, sizeOfDType } from "../../element/mod.ts";
import { DataType } from "../../gen/tensorflow/tensor_pb.ts";

/** The type that TensorFlow has for each dtype. */
const DATA_TYPES: { readonly [D in DType]: DataType } = {
  int8: DataType.DT_INT8,
  int16: DataType.DT_INT16,
  int32: DataType.DT_INT32,
  int64: DataType.DT_INT64,
  uint8: DataType.DT_UINT8,
  uint16: DataType.DT_UINT16,
  uint32: DataType.DT_UINT32,
  uint64: DataType.DT_UINT64,
  float16: DataType.DT_HALF,
  float32: DataType.DT_FLOAT,
  float64: DataType.DT_DOUBLE,
  bool: DataType.DT_BOOL,
};

const DTYPES = new Map(Object.entries(DATA_TYPES).map(([dtype, type]) => [type, dtype as DType]));

/** TensorFlow's type for a dtype. */
export function dataTypeOf(dtype: DType): DataType {
  return DATA_TYPES[dtype];
}

/** Sluice's dtype for a type; undefined where it has none. Strings are no dtype. */
export function dtypeOf(type: DataType): DType | undefined {
  return DTYPES.get(type);
}

/** Bytes of one value where the type has a fixed size that is known here, `DT_BFLOAT16` included. */
export function bytesOfDataType(type: DataType): number | undefined {
  if (type === DataType.DT_BFLOAT16) return 2;
  const dtype = DTYPES.get(type);
  return dtype && sizeOfDType(dtype);
}

/** The name of a type as TensorFlow's users know it, such as "int64" or "string". */
export function nameOfDataType(type: DataType): string {
  if (type === DataType.DT_HALF) return "float16";
  if (type === DataType.DT_FLOAT) return "float32";
  if (type === DataType.DT_DOUBLE) return "float64";
  return DataType[type]?.replace("DT_", "").toLowerCase() ?? `data type ${type}`;
}
