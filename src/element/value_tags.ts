/** Tags of the self-describing encoding; see `value.ts`. */
export const TAG = {
  null: 0,
  false: 1,
  true: 2,
  float64: 3,
  integer: 4,
  string: 5,
  int64: 6,
  bigint: 7,
  array: 8,
  record: 9,
  typedArray: 10,
  tensor: 11,
} as const;
